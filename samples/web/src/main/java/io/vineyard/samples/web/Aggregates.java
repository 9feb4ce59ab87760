package io.vineyard.samples.web;

import io.vineyard.store.arrow.RecordBatch;
import java.nio.ShortBuffer;

/**
 * What flights so far were like.
 *
 * @param batches how many batches came
 * @param rows how many flights
 * @param delayMinutes the sum of their delays
 * @param distanceMiles the sum of their distances
 */
record Aggregates(long batches, long rows, long delayMinutes, long distanceMiles) {
  static final Aggregates NONE = new Aggregates(0, 0, 0, 0);

  /** Returns the mean delay, in minutes. */
  public double getMeanDelay() {
    return rows == 0 ? 0 : (double) delayMinutes / rows;
  }

  /** Returns the mean distance, in miles. */
  public double getMeanDistance() {
    return rows == 0 ? 0 : (double) distanceMiles / rows;
  }

  /** Adds a batch, and closes it. */
  Aggregates plus(RecordBatch batch) {
    try (batch) {
      return new Aggregates(
          batches + 1,
          rows + batch.rowCount(),
          delayMinutes + sum(batch.values("delay").asShortBuffer()),
          distanceMiles + sum(batch.values("distance").asShortBuffer()));
    }
  }

  private static long sum(ShortBuffer column) {
    long sum = 0;
    for (int row = 0; row < column.limit(); row++) {
      sum += column.get(row);
    }
    return sum;
  }
}
