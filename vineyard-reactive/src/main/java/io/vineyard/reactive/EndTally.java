package io.vineyard.reactive;

import io.vineyard.reactive.StreamListener.Counts;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What an end of a stream has done: one thread at a time counts, any thread reads.
 *
 * <p>The clock is read when a wait begins or ends, and not for elements that need not wait.
 */
final class EndTally {
  private final AtomicLong elements = new AtomicLong();
  private final AtomicLong rows = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong copiedElements = new AtomicLong();
  private final AtomicLong copiedBytes = new AtomicLong();
  private volatile boolean waiting;

  // Guarded by this.
  private long waits;
  private long waitNanos;
  private long waitingSince;

  void add(long rowCount, long dataBytes, long bytesCopied) {
    add(rows, rowCount);
    add(bytes, dataBytes);
    if (bytesCopied > 0) {
      add(copiedElements, 1);
      add(copiedBytes, bytesCopied);
    }
    add(elements, 1);
  }

  /** No more than a store to memory, as nobody else writes. */
  private static void add(AtomicLong count, long more) {
    count.lazySet(count.getPlain() + more);
  }

  long elements() {
    return elements.get();
  }

  long bytes() {
    return bytes.get();
  }

  long copiedElements() {
    return copiedElements.get();
  }

  long copiedBytes() {
    return copiedBytes.get();
  }

  boolean isWaiting() {
    return waiting;
  }

  /** A wait begins, if none has yet. */
  void beginWait() {
    if (!waiting) {
      long now = System.nanoTime();
      synchronized (this) {
        waitingSince = waiting ? waitingSince : now;
        waits += waiting ? 0 : 1;
        waiting = true;
      }
    }
  }

  /** The wait ends, if there is one. */
  void endWait() {
    if (waiting) {
      long now = System.nanoTime();
      synchronized (this) {
        waitNanos += waiting ? Math.max(0, now - waitingSince) : 0;
        waiting = false;
      }
    }
  }

  /** Returns all of it, with what else an end knows of itself. */
  synchronized Counts counts(long usedChunks, long usedBytes, long demand) {
    long goesOn = waiting ? Math.max(0, System.nanoTime() - waitingSince) : 0;
    return new Counts(
        elements.get(),
        rows.get(),
        bytes.get(),
        copiedElements.get(),
        copiedBytes.get(),
        usedChunks,
        usedBytes,
        demand,
        waits,
        waitNanos + goesOn);
  }
}
