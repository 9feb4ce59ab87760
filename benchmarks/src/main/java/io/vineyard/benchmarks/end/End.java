package io.vineyard.benchmarks.end;

/** One end of a measurement. */
public interface End {

  /** Does what a line says, and answers when that is done. */
  Line on(Line line) throws Exception;

  /** Returns what the next end has to know to find this one. */
  default Line ready() {
    return Line.of(EndLoop.READY);
  }

  /** Ends it: proves that nothing leaked, or fails. */
  default void close() throws Exception {}
}
