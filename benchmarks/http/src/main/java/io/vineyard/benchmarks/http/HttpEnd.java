package io.vineyard.benchmarks.http;

import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;

/** An end of a measurement: {@code writer|reader setup=arrow|bytes|json}. */
public final class HttpEnd {
  private HttpEnd() {}

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, HttpEnd::make);
  }

  private static End make(Line arguments) {
    return arguments.verb().equals("writer")
        ? new Serving()
        : new Fetching((int) arguments.number("port"), arguments.text("setup"));
  }

  /** Returns what is requested in a round. */
  static String uri(String setup, Round round) {
    return "/%s?id=%d&bytes=%d&millis=%d&count=%d"
        .formatted(setup, round.id(), round.batchBytes(), round.millis(), round.count());
  }
}
