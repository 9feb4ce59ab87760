package io.vineyard.store.ring;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The words of a ring, as they are in memory that other processes write as well: whoever reads one
 * checks it.
 *
 * <p><b>Why this is safe.</b> Each slot has one owner at a time, who is told by its state: the
 * writer (free), nobody yet (published), one reader (leased), and the writer again (released).
 * States of published chunks only change by compare-and-set, so one of several who want a slot gets
 * it. A writer fills slot, state and order, and then sets the number of published chunks with
 * release semantics; a reader that acquires that number sees all three. A reader is done with a
 * chunk's memory before it sets the state to released, which the writer acquires before it writes
 * there again. Sleeping follows Dekker: whoever wants to sleep first says so and then looks once
 * more; whoever has news first publishes them and then looks whether somebody sleeps; both with
 * volatile semantics, so that at least one of the two sees the other.
 *
 * <p>Whoever uses a ring makes sure that it stays mapped.
 */
public final class Ring {
  static final int FREE = 0;
  static final int PUBLISHED = 1;
  static final int LEASED = 2;
  static final int RELEASED = 3;

  /** The most readers that can be told apart. */
  public static final int MOST_EPOCHS = 1 << 16;

  private static final int KIND_BITS = 2;
  private static final int KIND_MASK = 3;
  private static final int POSITION_SHIFT = KIND_BITS + 16;
  private static final VarHandle LONGS =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final RingLayout layout;
  private final ByteBuffer bytes;
  private final int orderAt;
  private final int orderMask;
  private final int statesAt;
  private final int slotsAt;

  private Ring(RingLayout layout, ByteBuffer bytes) {
    this.layout = layout;
    this.bytes = bytes;
    this.orderAt = layout.orderAt();
    this.orderMask = layout.orderMask();
    this.statesAt = layout.statesAt();
    this.slotsAt = layout.slotsAt();
  }

  /** Makes an empty ring in memory that is all zero. */
  public static Ring create(RingLayout layout, ByteBuffer zeros) {
    zeros.putInt(RingLayout.SLOTS_AT, layout.slots());
    zeros.putInt(RingLayout.SLOT_BYTES_AT, layout.slotBytes());
    zeros.putLong(RingLayout.MAGIC_AT, RingLayout.MAGIC);
    return new Ring(layout, zeros);
  }

  /**
   * Opens a ring that the store has made.
   *
   * @param memory all of it, little-endian
   * @throws VineyardException with {@link ErrorCode#PROTOCOL_ERROR} if it is none
   */
  public static Ring open(ByteBuffer memory) {
    if (memory.capacity() <= RingLayout.BITS_AT
        || memory.getLong(RingLayout.MAGIC_AT) != RingLayout.MAGIC) {
      throw corrupted("a ring", memory.capacity() + " bytes that are none");
    }
    int slots = memory.getInt(RingLayout.SLOTS_AT);
    int slotBytes = memory.getInt(RingLayout.SLOT_BYTES_AT);
    RingLayout layout;
    try {
      layout = new RingLayout(slots, slotBytes);
    } catch (VineyardException e) {
      throw corrupted("a ring with a legal layout", slots + " slots of " + slotBytes + " bytes");
    }
    if (layout.sizeBytes() > memory.capacity()) {
      throw corrupted(layout.sizeBytes() + " bytes of a ring", "" + memory.capacity());
    }
    return new Ring(layout, memory);
  }

  static VineyardException corrupted(String expected, String actual) {
    return VineyardException.of(
        ErrorCode.PROTOCOL_ERROR, "expected " + expected + ", got " + actual);
  }

  /** Returns where everything lies. */
  public RingLayout layout() {
    return layout;
  }

  static long state(long position, int epoch, int kind) {
    return position << POSITION_SHIFT | (long) epoch << KIND_BITS | kind;
  }

  static int kind(long state) {
    return (int) state & KIND_MASK;
  }

  static int epoch(long state) {
    return (int) (state >>> KIND_BITS) & (MOST_EPOCHS - 1);
  }

  static long position(long state) {
    return state >>> POSITION_SHIFT;
  }

  long acquire(int at) {
    return (long) LONGS.getAcquire(bytes, at);
  }

  long getVolatile(int at) {
    return (long) LONGS.getVolatile(bytes, at);
  }

  void release(int at, long value) {
    LONGS.setRelease(bytes, at, value);
  }

  void setVolatile(int at, long value) {
    LONGS.setVolatile(bytes, at, value);
  }

  boolean compareAndSet(int at, long expected, long value) {
    return LONGS.compareAndSet(bytes, at, expected, value);
  }

  long addAndGet(int at, long more) {
    return (long) LONGS.getAndAdd(bytes, at, more) + more;
  }

  long loadState(int slot) {
    return acquire(statesAt + slot * Long.BYTES);
  }

  void storeState(int slot, long state) {
    release(statesAt + slot * Long.BYTES, state);
  }

  boolean changeState(int slot, long expected, long state) {
    return compareAndSet(statesAt + slot * Long.BYTES, expected, state);
  }

  void setBit(int slot) {
    LONGS.getAndBitwiseOr(bytes, bitAt(slot), 1L << slot);
  }

  boolean hasBit(int slot) {
    return (acquire(bitAt(slot)) & 1L << slot) != 0;
  }

  /** Takes all bits of a word. */
  long takeBits(int word) {
    int at = RingLayout.BITS_AT + word * Long.BYTES;
    return acquire(at) == 0 ? 0 : (long) LONGS.getAndSet(bytes, at, 0L);
  }

  private static int bitAt(int slot) {
    return RingLayout.BITS_AT + (slot / Long.SIZE) * Long.BYTES;
  }

  void order(long position, int slot) {
    INTS.setOpaque(bytes, orderAt + (int) (position & orderMask) * Integer.BYTES, slot);
  }

  /** Returns the slot of a position that was published; it is within the ring. */
  int slotOf(long position) {
    int slot = (int) INTS.getOpaque(bytes, orderAt + (int) (position & orderMask) * Integer.BYTES);
    if (slot < 0 || slot >= layout.slots()) {
      throw corrupted("a slot below " + layout.slots() + " at position " + position, "" + slot);
    }
    return slot;
  }

  /** Fills a slot; what it holds fits, as was checked before. */
  void fill(int slot, Descriptor chunk) {
    int at = slotsAt + slot * layout.slotBytes();
    long[] segments = chunk.segments();
    bytes.putLong(at + RingLayout.DATA_BYTES_AT, chunk.dataBytes());
    bytes.putInt(at + RingLayout.SEGMENTS_AT, segments.length);
    int next = at + RingLayout.IDS_AT;
    for (long segment : segments) {
      bytes.putLong(next, segment);
      next += Long.BYTES;
    }
    ByteBuffer header = chunk.header();
    if (header == null) {
      bytes.putInt(at + RingLayout.HEADER_BYTES_AT, -chunk.overflowBytes());
      bytes.putLong(next, chunk.overflowOffset());
    } else {
      bytes.putInt(at + RingLayout.HEADER_BYTES_AT, header.remaining());
      bytes.put(next, header, header.position(), header.remaining());
    }
  }

  long dataBytes(int slot) {
    return bytes.getLong(slotsAt + slot * layout.slotBytes() + RingLayout.DATA_BYTES_AT);
  }

  /** Reads a slot, copying what it holds. */
  Descriptor read(int slot) {
    int at = slotsAt + slot * layout.slotBytes();
    long dataBytes = dataBytes(slot);
    int count = bytes.getInt(at + RingLayout.SEGMENTS_AT);
    int size = bytes.getInt(at + RingLayout.HEADER_BYTES_AT);
    if (count < 0
        || count > layout.mostSegments()
        || dataBytes < 0
        || size == Integer.MIN_VALUE
        || !layout.fits(count, Math.max(size, Long.BYTES))
        || (size < 0 && count == 0)
        || size < -Descriptor.MOST_HEADER_BYTES) {
      throw corrupted(
          "a chunk that fits its slot",
          dataBytes + " bytes in " + count + " segments, header of " + size);
    }
    long[] segments = count == 0 ? Descriptor.NO_SEGMENTS : new long[count];
    int next = at + RingLayout.IDS_AT;
    for (int i = 0; i < count; i++) {
      segments[i] = bytes.getLong(next);
      next += Long.BYTES;
    }
    if (size < 0) {
      return Descriptor.overflowing(dataBytes, segments, bytes.getLong(next), -size);
    }
    byte[] header = new byte[size];
    bytes.get(next, header);
    return Descriptor.of(dataBytes, segments, ByteBuffer.wrap(header));
  }
}
