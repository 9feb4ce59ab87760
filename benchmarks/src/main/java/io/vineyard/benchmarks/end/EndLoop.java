package io.vineyard.benchmarks.end;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Lets an end do what the lines on standard input say, until one says to quit. */
public final class EndLoop {
  /** The verb of an end's first line. */
  public static final String READY = "ready";

  /** The verb of an answer. */
  public static final String DONE = "done";

  /** The verb of an answer that tells a failure. */
  public static final String FAILED = "failed";

  /** The verb that asks for what the process has used so far. */
  public static final String USAGE = "usage";

  /** The verb that ends an end. */
  public static final String QUIT = "quit";

  /** Makes an end. */
  public interface Maker {
    /** Makes an end of what the command line says. */
    End make(Line arguments) throws Exception;
  }

  private EndLoop() {}

  /**
   * Makes an end, and serves it; then ends this JVM: with 0 if all went well.
   *
   * @param arguments the role and values with names, as in a {@link Line}
   */
  public static void main(String[] arguments, Maker maker) {
    // Libraries that print must not disturb the answers.
    PrintStream answers = System.out;
    System.setOut(System.err);
    int exitCode = 0;
    try {
      End end = maker.make(Line.parse(String.join(" ", arguments)));
      answers.println(end.ready());
      serve(end, answers);
      end.close();
      answers.println(Line.of(DONE));
    } catch (Exception | LinkageError e) {
      fail(answers, e);
      exitCode = 1;
    }
    answers.flush();
    Runtime.getRuntime().halt(exitCode);
  }

  private static void serve(End end, PrintStream answers) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.equals(QUIT)) {
        return;
      }
      try {
        answers.println(line.equals(USAGE) ? Usage.now().toLine() : end.on(Line.parse(line)));
      } catch (Exception | LinkageError e) {
        fail(answers, e);
      }
    }
  }

  private static void fail(PrintStream answers, Throwable e) {
    e.printStackTrace();
    answers.println(Line.of(FAILED).with("because", e));
  }
}
