package io.vineyard.store.ring;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;

/**
 * Where everything lies in a ring. Little-endian; each part begins on a cache line of its own.
 *
 * <pre>
 *    0  i64 magic, i32 slots, i32 capacity of a slot    set by the store
 *   64  i64 published chunks, i64 published bytes       set by the writer
 *  128  i64 next fresh position                         set by the reader
 *  192  i64 released chunks                             set by whoever releases
 *  256  i64 reclaimed chunks                            set by the writer
 *  320  i64 1 if the reader sleeps                      set by the reader, cleared by the writer
 *  384  i64 released chunks that wake the writer;       set by the writer, cleared by whoever
 *       0 if it does not wait                           releases
 *  448  i64 1 if there is a preamble                    set by the writer
 *  512  a bit of each slot: released, not reclaimed     set by whoever releases
 *    .  order: i32 slot of a position, in a circle      set by the writer
 *    .  states: i64 of each slot                        set by all
 *    .  slots                                           set by the writer
 * </pre>
 *
 * <p>A state is, from the highest bit down, the position of the slot's chunk (46 bits), the number
 * of the reader that has leased it (16 bits), and {@link Ring#FREE}, {@link Ring#PUBLISHED}, {@link
 * Ring#LEASED} or {@link Ring#RELEASED} (2 bits). A slot describes a chunk:
 *
 * <pre>
 *    0           8          12             16                   16 + 8 n
 *  +-----------+----------+--------------+--------------------+--------+
 *  | dataBytes | n        | headerBytes  | n segment ids      | header |
 *  +-----------+----------+--------------+--------------------+--------+
 * </pre>
 *
 * <p>A header that does not fit lies in the last of the segments: its size is then written as a
 * negative number, and in its place is its offset there.
 *
 * @param slots how many chunks there may be at a time
 * @param slotBytes the capacity of a slot
 */
public record RingLayout(int slots, int slotBytes) {
  /** The most slots of a ring. */
  public static final int MOST_SLOTS = 1 << 16;

  static final long MAGIC = 0x31676e6972797676L;
  static final int MAGIC_AT = 0;
  static final int SLOTS_AT = 8;
  static final int SLOT_BYTES_AT = 12;
  static final int PUBLISHED_AT = 64;
  static final int PUBLISHED_BYTES_AT = 72;
  static final int NEXT_AT = 128;
  static final int RELEASED_AT = 192;
  static final int RECLAIMED_AT = 256;
  static final int READER_SLEEPS_AT = 320;
  static final int WAKE_WRITER_AT = 384;
  static final int PREAMBLE_AT = 448;
  static final int BITS_AT = 512;

  static final int DATA_BYTES_AT = 0;
  static final int SEGMENTS_AT = 8;
  static final int HEADER_BYTES_AT = 12;
  static final int IDS_AT = 16;

  private static final int PAGE_BYTES = 4096;
  private static final int LINE_BYTES = 64;
  private static final int USUAL_SLOT_BYTES = 512;
  private static final int SMALL_SLOT_BYTES = 256;
  private static final int MOST_USUAL_SLOTS = 4096;

  /** Checks the range. */
  public RingLayout {
    if (slots < 1
        || slots > MOST_SLOTS
        || slotBytes < SMALL_SLOT_BYTES
        || slotBytes > USUAL_SLOT_BYTES
        || slotBytes % LINE_BYTES != 0) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected 1 to %d slots of %d to %d bytes, got %d of %d"
              .formatted(MOST_SLOTS, SMALL_SLOT_BYTES, USUAL_SLOT_BYTES, slots, slotBytes));
    }
  }

  /** Returns the layout for a window of so many chunks. */
  public static RingLayout of(int windowChunks) {
    return new RingLayout(
        windowChunks, windowChunks <= MOST_USUAL_SLOTS ? USUAL_SLOT_BYTES : SMALL_SLOT_BYTES);
  }

  /** Returns how many segments a chunk may lie in at most, that of its header included. */
  public int mostSegments() {
    return (slotBytes - IDS_AT - Long.BYTES) / Long.BYTES;
  }

  /** Returns whether a header fits into a slot, behind so many segment ids. */
  public boolean fits(int segments, int headerBytes) {
    return headerBytes <= slotBytes - IDS_AT - Long.BYTES * segments;
  }

  int words() {
    return (slots + Long.SIZE - 1) / Long.SIZE;
  }

  int orderMask() {
    return Math.max(1, Integer.highestOneBit(slots - 1) << 1) - 1;
  }

  int orderAt() {
    return line(BITS_AT + Long.BYTES * words());
  }

  int statesAt() {
    return line(orderAt() + Integer.BYTES * (orderMask() + 1));
  }

  int slotsAt() {
    return line(statesAt() + Long.BYTES * slots);
  }

  /** Returns how many bytes a ring takes, which are whole pages. */
  public int sizeBytes() {
    return (slotsAt() + slots * slotBytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }

  private static int line(int bytes) {
    return (bytes + LINE_BYTES - 1) & -LINE_BYTES;
  }
}
