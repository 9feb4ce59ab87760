package io.vineyard.store.ring;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The writing side of a ring. Used by one thread at a time; remembers what it wrote, and believes
 * the ring only what can do no harm: when to look.
 */
public final class RingWriter {
  private static final long NONE = -1;

  private final Ring ring;
  private final int[] free;
  private final long[] positions; // of the chunks in the slots
  private int freeCount;
  private long published;
  private long publishedBytes;
  private long reclaimed;

  /** Begins with a ring that nobody has written before. */
  public RingWriter(Ring ring) {
    this.ring = ring;
    int slots = ring.layout().slots();
    this.free = new int[slots];
    this.positions = new long[slots];
    for (int i = 0; i < slots; i++) {
      free[i] = slots - 1 - i;
    }
    Arrays.fill(positions, NONE);
    freeCount = slots;
  }

  /** Returns how many chunks were published. */
  public long published() {
    return published;
  }

  /** Returns how many chunks are published and not reclaimed. */
  public int outstanding() {
    return free.length - freeCount;
  }

  /**
   * Publishes a chunk.
   *
   * @return the slot that it takes; there must be a free one
   */
  public int publish(Descriptor chunk) {
    int slot = free[--freeCount];
    ring.fill(slot, chunk);
    positions[slot] = published;
    publishedBytes += chunk.dataBytes();
    ring.storeState(slot, Ring.state(published, 0, Ring.PUBLISHED));
    ring.order(published, slot);
    published++;
    ring.release(RingLayout.PUBLISHED_BYTES_AT, publishedBytes);
    ring.setVolatile(RingLayout.PUBLISHED_AT, published);
    return slot;
  }

  /** Says that the reader has to wait for a preamble; before the first chunk. */
  public void announcePreamble() {
    ring.release(RingLayout.PREAMBLE_AT, 1);
  }

  /** Returns whether a reader slept, which from now on counts as awake; the caller wakes it. */
  public boolean wakesReader() {
    return ring.getVolatile(RingLayout.READER_SLEEPS_AT) != 0
        && ring.compareAndSet(RingLayout.READER_SLEEPS_AT, 1, 0);
  }

  /** Returns whether anything may have been released since the last {@link #reclaim}. */
  public boolean hasReleased() {
    return ring.acquire(RingLayout.RELEASED_AT) != reclaimed;
  }

  /** Takes the slots that were released back, and tells each. */
  public void reclaim(IntConsumer slots) {
    long seen = ring.acquire(RingLayout.RELEASED_AT);
    for (int word = 0; word < ring.layout().words(); word++) {
      for (long bits = ring.takeBits(word); bits != 0; bits &= bits - 1) {
        int slot = word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        if (slot < free.length && isReleased(slot)) {
          ring.storeState(slot, Ring.FREE);
          positions[slot] = NONE;
          free[freeCount++] = slot;
          slots.accept(slot);
        }
      }
    }
    reclaimed = seen;
    ring.release(RingLayout.RECLAIMED_AT, seen);
  }

  private boolean isReleased(int slot) {
    long state = ring.loadState(slot);
    return Ring.kind(state) == Ring.RELEASED && Ring.position(state) == positions[slot];
  }

  /**
   * Goes to sleep until so many more chunks are released.
   *
   * @return false if they are already, so that the writer stays awake
   */
  public boolean sleep(int chunks) {
    long at = reclaimed + chunks;
    ring.setVolatile(RingLayout.WAKE_WRITER_AT, at);
    if (ring.getVolatile(RingLayout.RELEASED_AT) - at >= 0) {
      ring.setVolatile(RingLayout.WAKE_WRITER_AT, 0);
      return false;
    }
    return true;
  }
}
