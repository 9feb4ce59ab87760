package io.vineyard.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BenchmarksTest {
  @Test
  void aloneItListsTheBenchmarksInALineEach() {
    BenchmarkRun run = BenchmarkRun.of();

    assertThat(run.exitCode()).isZero();
    assertThat(run.output())
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsExactly(
            "hand-off",
            "pipeline",
            "latency",
            "scale",
            "footprint",
            "start",
            "soak",
            "http",
            "bridge",
            "micro",
            "languages",
            "vineyard");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hand-off",
        "pipeline",
        "latency",
        "scale",
        "footprint",
        "start",
        "soak",
        "http",
        "bridge",
        "micro",
        "languages",
        "vineyard"
      })
  void eachHelps(String benchmark) {
    BenchmarkRun run = BenchmarkRun.of(benchmark, "--help");

    assertThat(run.exitCode()).isZero();
    assertThat(run.output()).first().asString().startsWith("Usage: benchmarks/run " + benchmark);
    assertThat(run.complaints()).isEmpty();
  }

  @Test
  void unknownNameIsOneLineThatSaysTheNames() {
    BenchmarkRun run = BenchmarkRun.of("hands-off");

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.complaints())
        .containsExactly(
            "No benchmark named hands-off: there are hand-off, pipeline, latency, scale, footprint,"
                + " start, soak, http, bridge, micro, languages, vineyard");
  }

  @ParameterizedTest
  @CsvSource({
    "hand-off --setup cloud, '--setup: expected one of [writer, spin, server, jvm], got cloud'",
    "hand-off --seconds 0, '--seconds: expected at least 1, got 0'",
    "hand-off --seconds soon, Invalid value for option '--seconds'",
    "hand-off --speed, Unknown option: '--speed'",
    "hand-off --vineyard /nowhere, '--vineyard: expected a folder with bin/python, got /nowhere'",
    "scale --setup jvm, '--setup: expected writer or server, got jvm'",
    "languages --venv /nowhere, '--venv: expected a folder with bin/python, got /nowhere'",
    "languages --setup jvm, '--setup: expected none for this benchmark, got [jvm]'",
    "vineyard --venv /nowhere, '--venv: expected a folder with bin/python, got /nowhere'",
    "soak --setup writer, '--setup: expected none for this benchmark, got [writer]'"
  })
  void wrongArgumentIsOneLine(String arguments, String complaint) {
    BenchmarkRun run = BenchmarkRun.of(arguments.split(" "));

    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.output()).isEmpty();
    assertThat(run.complaints()).singleElement().asString().startsWith(complaint);
  }
}
