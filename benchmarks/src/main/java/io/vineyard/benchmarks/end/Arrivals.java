package io.vineyard.benchmarks.end;

/** Counts what arrives at a reader in one round. Used by one thread after the other. */
public final class Arrivals {
  private long count;
  private long firstNanos;

  /** Returns the number of the batch that just arrived. */
  public long next() {
    if (count == 0) {
      firstNanos = System.nanoTime();
    }
    return count++;
  }

  /** Ends the round: says how many came, and how long that took from the first to now. */
  public Line done() {
    long nanos = count == 0 ? 0 : System.nanoTime() - firstNanos;
    return Line.of(EndLoop.DONE).with("count", count).with("nanos", nanos);
  }
}
