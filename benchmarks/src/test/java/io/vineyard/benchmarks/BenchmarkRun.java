package io.vineyard.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A benchmark run in this JVM.
 *
 * @param exitCode what it ended with
 * @param output the lines that it printed on standard output
 * @param complaints the lines that it printed on standard error
 */
record BenchmarkRun(int exitCode, List<String> output, List<String> complaints) {

  static BenchmarkRun of(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    ByteArrayOutputStream complaints = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(complaints, true, StandardCharsets.UTF_8));
      int exitCode = Benchmarks.execute(arguments);
      return new BenchmarkRun(exitCode, lines(output), lines(complaints));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private static List<String> lines(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
