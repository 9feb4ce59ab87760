package io.vineyard.store.ring;

import java.util.Map;
import java.util.TreeMap;

/**
 * The reading side of a ring, for one reader. {@link #release} and {@link #wakesWriter} may be
 * called by any thread, everything else by one at a time.
 */
public final class RingReader {
  /** Stands for no slot. */
  public static final int NONE = -1;

  private final Ring ring;
  private final int epoch;
  private final TreeMap<Long, Integer> returned = new TreeMap<>();
  private long next;
  private long published;

  /**
   * Begins where the last reader has left.
   *
   * @param epoch the number of this reader, by which its leases are told from those of others
   */
  public RingReader(Ring ring, int epoch) {
    this.ring = ring;
    this.epoch = epoch;
    this.next = ring.acquire(RingLayout.NEXT_AT);
    this.published = next;
    findReturned();
  }

  /** Finds the chunks that a lost reader had leased and that were given back. */
  public void findReturned() {
    for (int slot = 0; slot < ring.layout().slots(); slot++) {
      long state = ring.loadState(slot);
      if (Ring.kind(state) == Ring.PUBLISHED && Ring.position(state) < next) {
        returned.put(Ring.position(state), slot);
      }
    }
  }

  /** Returns the slot of the next chunk, {@link #NONE} if there is none. */
  public int peek() {
    while (!returned.isEmpty()) {
      Map.Entry<Long, Integer> first = returned.firstEntry();
      if (isPublished(first.getValue(), first.getKey())) {
        return first.getValue();
      }
      returned.remove(first.getKey());
    }
    for (int skipped = 0; hasFresh(); skipped++) {
      int slot = ring.slotOf(next);
      if (isPublished(slot, next)) {
        return slot;
      }
      if (skipped > ring.layout().slots()) {
        throw Ring.corrupted("a chunk at position " + next, "none, as at those before");
      }
      advance(); // it was taken back, as the stream is over
    }
    return NONE;
  }

  private boolean isPublished(int slot, long position) {
    return ring.loadState(slot) == Ring.state(position, 0, Ring.PUBLISHED);
  }

  /** Returns whether there are chunks that were given back. */
  public boolean hasReturned() {
    return !returned.isEmpty();
  }

  /** Returns whether chunks were published that {@link #peek} has not told of. */
  public boolean hasNews() {
    return ring.acquire(RingLayout.PUBLISHED_AT) != next;
  }

  private void advance() {
    next++;
    ring.release(RingLayout.NEXT_AT, next);
  }

  /** Returns the position of the chunk that {@link #peek} returned. */
  public long position() {
    return returned.isEmpty() ? next : returned.firstKey();
  }

  private boolean hasFresh() {
    if (next < published) {
      return true;
    }
    long found = ring.acquire(RingLayout.PUBLISHED_AT);
    if (next < 0 || found < next || found - next > ring.layout().slots()) {
      throw Ring.corrupted(
          next + " published chunks and at most " + ring.layout().slots() + " more", "" + found);
    }
    published = found;
    return next < published;
  }

  /** Reads what {@link #peek} returned. */
  public Descriptor read(int slot) {
    return ring.read(slot);
  }

  /**
   * Leases what {@link #peek} returned; false if its writer took it back, as the stream is over.
   */
  public boolean lease(int slot) {
    long position = position();
    boolean leased =
        ring.changeState(
            slot,
            Ring.state(position, 0, Ring.PUBLISHED),
            Ring.state(position, epoch, Ring.LEASED));
    if (returned.isEmpty()) {
      advance();
    } else {
      returned.remove(position);
    }
    return leased;
  }

  /** Gives back what was leased last, as if it had not been. */
  public void putBack(int slot, long position) {
    boolean changed =
        ring.changeState(
            slot,
            Ring.state(position, epoch, Ring.LEASED),
            Ring.state(position, 0, Ring.PUBLISHED));
    if (changed) {
      returned.put(position, slot);
    }
  }

  /** Releases a chunk; false if it is not leased to this reader. */
  public boolean release(int slot, long position) {
    boolean released =
        ring.changeState(
            slot,
            Ring.state(position, epoch, Ring.LEASED),
            Ring.state(position, epoch, Ring.RELEASED));
    if (released) {
      ring.setBit(slot);
      ring.addAndGet(RingLayout.RELEASED_AT, 1);
    }
    return released;
  }

  /** Returns whether there is a preamble, which comes another way. */
  public boolean hasPreamble() {
    return ring.acquire(RingLayout.PREAMBLE_AT) != 0;
  }

  /** Goes to sleep until something is published; false if something is, so that it stays awake. */
  public boolean sleep() {
    ring.setVolatile(RingLayout.READER_SLEEPS_AT, 1);
    if (ring.getVolatile(RingLayout.PUBLISHED_AT) == next) {
      return true;
    }
    ring.setVolatile(RingLayout.READER_SLEEPS_AT, 0);
    return false;
  }

  /**
   * Returns whether the writer waits and is to be woken, which the caller then does.
   *
   * @param idle whether this reader waits itself, so that the writer is woken however little was
   *     released
   */
  public boolean wakesWriter(boolean idle) {
    long at = ring.getVolatile(RingLayout.WAKE_WRITER_AT);
    if (at == 0) {
      return false;
    }
    long released = ring.getVolatile(RingLayout.RELEASED_AT);
    boolean some = released != ring.acquire(RingLayout.RECLAIMED_AT);
    boolean enough = released >= at || (idle && some);
    return enough && ring.compareAndSet(RingLayout.WAKE_WRITER_AT, at, 0);
  }

  /** Returns whether something was released that the writer has not taken back yet. */
  public boolean hasUnreclaimed() {
    return ring.acquire(RingLayout.RELEASED_AT) != ring.acquire(RingLayout.RECLAIMED_AT);
  }
}
