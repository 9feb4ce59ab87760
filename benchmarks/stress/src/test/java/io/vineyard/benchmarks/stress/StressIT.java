package io.vineyard.benchmarks.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs all stress tests, each for a short time; {@code -Dstress.mode=default} for longer ones. */
class StressIT {
  private static final int TESTS = 7;
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
            "-m",
            System.getProperty("stress.mode", "sanity"),
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
      assertThat(printed).contains("Passed: " + TESTS + " ").doesNotContain("FORBIDDEN tests");
    } finally {
      process.destroyForcibly();
    }
  }
}
