package io.vineyard.benchmarks.end;

/** One end of a measurement. Closing it proves that nothing leaked, or fails. */
public interface End extends AutoCloseable {

  /** Does what a line says, and answers when that is done. */
  Line on(Line line) throws Exception;

  /** Returns what the next end has to know to find this one. */
  default Line ready() {
    return Line.of(EndLoop.READY);
  }

  @Override
  default void close() throws Exception {}
}
