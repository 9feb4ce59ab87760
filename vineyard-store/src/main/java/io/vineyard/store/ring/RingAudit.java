package io.vineyard.store.ring;

import java.util.function.IntConsumer;

/**
 * What the store sees in a ring and does to it when somebody is lost. Used by the thread that owns
 * the tables; trusts nothing.
 */
public final class RingAudit {
  /**
   * How much is in a ring.
   *
   * @param published chunks since the beginning
   * @param publishedBytes bytes since the beginning
   * @param outstanding chunks that are published and not released
   * @param outstandingBytes their bytes
   * @param leased chunks that readers have leased
   */
  public record Counts(
      long published, long publishedBytes, int outstanding, long outstandingBytes, int leased) {}

  private final Ring ring;

  /** Begins with a ring. */
  public RingAudit(Ring ring) {
    this.ring = ring;
  }

  /** Counts; while others go on, what is counted may be from different moments. */
  public Counts count() {
    long bytes = Math.max(0, ring.acquire(RingLayout.PUBLISHED_BYTES_AT));
    long published = published();
    int outstanding = 0;
    long outstandingBytes = 0;
    int leased = 0;
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      long state = ring.loadState(slot);
      if (isOutstanding(state, published)) {
        outstanding++;
        outstandingBytes += Math.max(0, ring.dataBytes(slot));
        leased += Ring.kind(state) == Ring.LEASED ? 1 : 0;
      }
    }
    return new Counts(
        Math.max(published, outstanding),
        Math.max(bytes, outstandingBytes),
        outstanding,
        outstandingBytes,
        leased);
  }

  private long published() {
    return Math.max(0, ring.acquire(RingLayout.PUBLISHED_AT));
  }

  private static boolean isOutstanding(long state, long published) {
    int kind = Ring.kind(state);
    return (kind == Ring.PUBLISHED || kind == Ring.LEASED) && Ring.position(state) < published;
  }

  /** Returns whether nothing is published that is not released. */
  public boolean isDrained() {
    long published = published();
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      if (isOutstanding(ring.loadState(slot), published)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether every chunk is leased or released. */
  public boolean isTaken() {
    Counts now = count();
    return now.outstanding == now.leased;
  }

  private static boolean isLeased(long state, int epoch) {
    return Ring.kind(state) == Ring.LEASED && Ring.epoch(state) == epoch;
  }

  /**
   * Gives back what a reader, which is gone, had leased, and finishes what it had begun to release;
   * returns how many chunks go to the next reader.
   */
  public int returnLeases(int epoch) {
    int count = 0;
    int unfinished = 0;
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      long state = ring.loadState(slot);
      if (isLeased(state, epoch)) {
        ring.changeState(slot, state, Ring.state(Ring.position(state), 0, Ring.PUBLISHED));
        count++;
      } else if (Ring.kind(state) == Ring.RELEASED && !ring.hasBit(slot)) {
        ring.setBit(slot);
        unfinished++;
      }
    }
    // one more than that, in case that it set a bit and did not come to count it
    ring.addAndGet(RingLayout.RELEASED_AT, unfinished + 1);
    return count;
  }

  /** Tells every slot with a chunk that is published and not released. */
  public void outstanding(IntConsumer slots) {
    long published = published();
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      if (isOutstanding(ring.loadState(slot), published)) {
        slots.accept(slot);
      }
    }
  }

  /** Reads the segments that a chunk lies in. */
  public long[] segments(int slot) {
    return ring.read(slot).segments();
  }

  /** Does what a writer does that is gone: takes back what was released, and tells the slots. */
  public void reclaim(IntConsumer slots) {
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      long state = ring.loadState(slot);
      if (Ring.kind(state) == Ring.RELEASED && ring.changeState(slot, state, Ring.FREE)) {
        slots.accept(slot);
      }
    }
    ring.setVolatile(RingLayout.RECLAIMED_AT, ring.acquire(RingLayout.RELEASED_AT));
  }

  /** Releases every chunk that no reader has leased, as there will be no reader for it. */
  public void releasePending() {
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      releasePending(slot);
    }
  }

  /** Releases a chunk, if there is one that no reader has leased. */
  public void releasePending(int slot) {
    long state = ring.loadState(slot);
    if (Ring.kind(state) == Ring.PUBLISHED
        && Ring.position(state) < published()
        && ring.changeState(slot, state, Ring.state(Ring.position(state), 0, Ring.RELEASED))) {
      ring.setBit(slot);
      ring.addAndGet(RingLayout.RELEASED_AT, 1);
    }
  }

  /** Has whoever releases the next chunk wake the writer, in whose place the store now is. */
  public void watchReleases() {
    ring.setVolatile(RingLayout.WAKE_WRITER_AT, 1);
  }
}
