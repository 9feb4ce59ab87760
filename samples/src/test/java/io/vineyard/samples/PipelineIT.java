package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineIT {
  @Test
  void whatComesOutIsRight() throws InterruptedException {
    try (SampleRun run = SampleRun.start("pipeline", "--repeat", "2", "--window", "8")) {
      List<String> lines = run.output();
      assertThat(lines)
          .last()
          .isEqualTo("188602 of 400000 flights were late, sum(delay) = 4991586");
      assertThat(lines).first().asString().startsWith("stage ").contains("rows/s", "window");
      assertThat(lines)
          .anyMatch(line -> line.matches("source .* 400,000 .* of 8"))
          .anyMatch(line -> line.matches("filter-join .* 400,000 .* of 8"))
          .anyMatch(line -> line.matches("sink .* 188,602 .* of 8"))
          .anyMatch(line -> line.matches("night +3,082 +39\\.2 min"));
      assertThat(run.complaints()).isEmpty();
      assertThat(run.exitCode()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"source", "filter-join", "sink"})
  void killedStageIsNamed(String stage) throws InterruptedException {
    try (SampleRun run = SampleRun.start("pipeline", "--repeat", "100000")) {
      long pid = pidOf(stage, run);
      ProcessHandle.of(pid).orElseThrow().destroyForcibly();
      assertThat(run.exitCode()).isEqualTo(1);
      assertThat(run.complaints())
          .containsExactly(
              "pipeline failed: the stage "
                  + stage
                  + ", process "
                  + pid
                  + ", was killed by signal 9");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--repeat=0", "--window=0", "--window=many"})
  void wrongOptionIsOneLineAndCodeTwo(String option) throws InterruptedException {
    try (SampleRun run = SampleRun.start("pipeline", option)) {
      assertThat(run.exitCode()).isEqualTo(2);
      assertThat(run.complaints()).singleElement().asString().doesNotContain("Exception");
      assertThat(run.output()).isEmpty();
    }
  }

  /** Waits until rows have come out of the source, and so all three are at work. */
  private static long pidOf(String stage, SampleRun run) throws InterruptedException {
    long pid = 0;
    boolean isRunning = false;
    while (pid == 0 || !isRunning) {
      String[] cells = run.line().split(" +", -1);
      isRunning |= cells[0].equals("sink") && !cells[2].equals("0");
      if (cells[0].equals(stage)) {
        pid = Long.parseLong(cells[1]);
      }
    }
    return pid;
  }
}
