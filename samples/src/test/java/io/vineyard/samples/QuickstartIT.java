package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuickstartIT {
  private static final String ONCE = "200000 rows, sum(delay) = 1500159, sum(distance) = 145847125";

  @ParameterizedTest
  @ValueSource(
      strings = {"", "--threads", "--batch-rows 1", "--batch-rows 200000", "--window 65536"})
  void sumsAreRight(String options) throws InterruptedException {
    assertThat(quickstart(options)).last().isEqualTo(ONCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--threads"})
  void sumsAreRightForEachRepetition(String options) throws InterruptedException {
    assertThat(quickstart(options + " --repeat 50"))
        .last()
        .isEqualTo("10000000 rows, sum(delay) = 75007950, sum(distance) = 7292356250");
  }

  @Test
  void serverMayBeElsewhere(@TempDir Path folder) throws InterruptedException {
    Path socket = folder.resolve("store.sock");
    try (SampleRun server = SampleRun.start("server", "--socket", socket.toString())) {
      assertThat(server.line()).startsWith("listening on " + socket);
      assertThat(quickstart("--server " + socket)).last().isEqualTo(ONCE);
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
    }
  }

  @Test
  void readerSaysWhatHappened() throws InterruptedException {
    List<String> lines = quickstart("");
    String all = String.join("\n", lines);
    assertThat(all)
        .containsPattern("writer.* process [0-9]+")
        .containsPattern("reader.* process [0-9]+")
        .contains("delay", "distance", "copied: 0");
    assertThat(lines.get(lines.size() - 2)).matches("rate: [0-9]+ batches/s, [0-9]+ MB/s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--repeat 0",
        "--repeat many",
        "--batch-rows 0",
        "--window 0",
        "--colour",
        "surplus",
        "--threads --server /tmp/store.sock"
      })
  void wrongOptionIsOneLineAndCodeTwo(String options) throws InterruptedException {
    try (SampleRun run = SampleRun.start(arguments(options))) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.complaints()).singleElement().asString().doesNotContain("Exception");
      assertThat(run.output()).isEmpty();
    }
  }

  @Test
  void missingFileIsOneLineAndCodeTwo(@TempDir Path empty) throws InterruptedException {
    try (SampleRun run = SampleRun.startAt(empty, "quickstart")) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.complaints())
          .containsExactly("No such file: " + empty.resolve("data/flights-200k.arrow"));
    }
  }

  @Test
  void corruptFileIsOneLine(@TempDir Path folder) throws Exception {
    Files.createDirectory(folder.resolve("data"));
    Files.writeString(folder.resolve("data/flights-200k.arrow"), "no flights here");
    try (SampleRun run = SampleRun.startAt(folder, "quickstart")) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.complaints())
          .singleElement()
          .asString()
          .contains("flights-200k.arrow")
          .doesNotContain("Exception");
    }
  }

  @Test
  void missingServerIsOneLine(@TempDir Path folder) throws InterruptedException {
    Path socket = folder.resolve("store.sock");
    try (SampleRun run = SampleRun.start("quickstart", "--server", socket.toString())) {
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.complaints())
          .singleElement()
          .asString()
          .startsWith("quickstart failed: ")
          .contains(socket.toString());
    }
  }

  private static List<String> quickstart(String options) throws InterruptedException {
    try (SampleRun run = SampleRun.start(arguments(options))) {
      List<String> lines = run.output();
      assertThat(run.complaints()).isEmpty();
      assertThat(run.exitCode()).isZero();
      return lines;
    }
  }

  private static String[] arguments(String options) {
    List<String> arguments = new ArrayList<>(List.of("quickstart"));
    Arrays.stream(options.split(" ")).filter(option -> !option.isEmpty()).forEach(arguments::add);
    return arguments.toArray(String[]::new);
  }
}
