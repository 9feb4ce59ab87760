package io.vineyard.store.core;

import java.time.Clock;

/**
 * Makes ids that are never used twice in a store.
 *
 * <pre>
 * bit 63     1 for a blob, 0 for anything else
 * bits 22-62 milliseconds since the epoch, low 41 bits
 * bits 0-21  counter
 * </pre>
 *
 * <p>The bits are Vineyard's; the counter takes the place of its instance number and counter, and
 * time only ever moves forward, so that more ids than fit in one millisecond take the next one's.
 */
final class Ids {
  private static final long BLOB_BIT = 1L << 63;
  private static final int COUNTER_BITS = 22;
  private static final long TIME_MASK = (1L << 41) - 1;

  private final Clock clock;
  private long last;

  Ids(Clock clock) {
    this.clock = clock;
  }

  long nextObject() {
    long now = (clock.millis() & TIME_MASK) << COUNTER_BITS;
    last = Math.max(last + 1, now);
    return last & ~BLOB_BIT;
  }

  long nextBlob() {
    return nextObject() | BLOB_BIT;
  }
}
