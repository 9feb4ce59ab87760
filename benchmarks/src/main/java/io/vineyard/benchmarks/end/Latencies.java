package io.vineyard.benchmarks.end;

import java.util.Arrays;

/** Times of there and back, in one round. Used by one thread after the other. */
public final class Latencies {
  private static final int FIRST_CAPACITY = 1 << 16;
  private static final double P50 = 0.5;
  private static final double P99 = 0.99;
  private static final double P999 = 0.999;

  private long[] nanos = new long[FIRST_CAPACITY];
  private int count;

  /** Adds the time of one batch, there and back. */
  public void add(long roundTripNanos) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, count * 2);
    }
    nanos[count++] = roundTripNanos;
  }

  /** Ends the round: says how long one way took, half of there and back. */
  public Line done() {
    Arrays.sort(nanos, 0, count);
    return Line.of(EndLoop.DONE)
        .with("count", count)
        .with("p50", oneWay(P50))
        .with("p99", oneWay(P99))
        .with("p999", oneWay(P999));
  }

  private long oneWay(double share) {
    return count == 0 ? 0 : nanos[Math.min(count - 1, (int) (count * share))] / 2;
  }
}
