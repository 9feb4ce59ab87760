package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplesIT {
  private static final int BATCHES = 10;

  @Test
  void aloneItListsTheSamplesInALineEach() throws InterruptedException {
    try (SampleRun run = SampleRun.start()) {
      assertThat(run.output())
          .hasSize(6)
          .allMatch(
              line ->
                  line.matches(
                      "(quickstart|server|producer-consumer|pipeline|web|cluster) +[A-Z].*\\."));
      assertThat(run.exitCode()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"quickstart", "server", "producer-consumer", "pipeline", "web", "cluster"})
  void eachHelps(String sample) throws InterruptedException {
    try (SampleRun run = SampleRun.start(sample, "--help")) {
      assertThat(run.output()).first().asString().startsWith("Usage: samples/run " + sample);
      assertThat(run.exitCode()).isZero();
      assertThat(run.complaints()).isEmpty();
    }
  }

  @Test
  void unknownNameIsOneLineThatSaysTheNames() throws InterruptedException {
    try (SampleRun run = SampleRun.start("quickfinish")) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.complaints())
          .containsExactly(
              "No sample named quickfinish: there are quickstart, server, producer-consumer,"
                  + " pipeline, web, cluster");
    }
  }

  @Test
  void consumerGetsWhatTheProducerMade() throws InterruptedException {
    try (SampleRun run = SampleRun.start("producer-consumer")) {
      List<String> lines = run.output();
      assertThat(lines).last().isEqualTo("10 of 10 batches arrived as they were produced");
      assertThat(lines.stream().filter(line -> line.contains("2 rows"))).hasSize(BATCHES);
      assertThat(run.exitCode()).isZero();
      assertThat(run.complaints()).isEmpty();
    }
  }
}
