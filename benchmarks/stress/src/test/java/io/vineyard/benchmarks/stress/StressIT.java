package io.vineyard.benchmarks.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs all stress tests, each for a short time: for how long, {@code -Dstress.millis} says. */
class StressIT {
  private static final int TESTS = 8;
  private static final long MOST_MINUTES = 10;

  @Test
  void nothingForbiddenIsSeen(@TempDir Path folder) throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "org.openjdk.jcstress.Main",
            "-sc",
            "false",
            "-jvmArgs",
            "-Xmx256m",
            "-f",
            "1",
            "-iters",
            "1",
            "-time",
            System.getProperty("stress.millis", "200"),
            "-strideSize",
            "16",
            "-strideCount",
            "16",
            "-t",
            "io.vineyard.*Stress",
            "-r",
            folder.resolve("report").toString());
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)).as("it has ended").isTrue();
      String printed = Files.readString(output);
      assertThat(process.exitValue()).as(printed).isZero();
      assertThat(printed)
          .contains("Failed tests: No matches", "Error tests: No matches")
          .contains("All remaining tests: " + TESTS + " matching test results");
    } finally {
      process.destroyForcibly();
    }
  }
}
