package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A chunk that Vineyard has no form for, as a blob that only clients of ours can read.
 * Little-endian.
 *
 * <pre>
 *  0        8            16       20       24                  28      32
 * +--------+------------+--------+--------+-------------------+-------+-------------------+
 * | magic  | data bytes | ranges | header | preamble, -1 none | 0     | ranges            |
 * +--------+------------+--------+--------+-------------------+-------+-------------------+
 * then the header and the preamble, and at the next multiple of 64 the bytes
 * range: offset in the chunk, size, offset in the blob, 8 bytes each
 * </pre>
 *
 * @param dataBytes how many bytes count as the chunk's
 * @param header the chunk's header
 * @param preamble what the writer has set before the first chunk; null if another one has it
 * @param ranges the bytes of the chunk
 */
record OwnChunk(
    long dataBytes, ByteBuffer header, @Nullable ByteBuffer preamble, List<Range> ranges) {
  private static final long MAGIC = 0x6b6e_7568_4376_52ffL;
  private static final int DATA_BYTES_AT = 8;
  private static final int RANGES_AT = 16;
  private static final int HEADER_AT = 20;
  private static final int PREAMBLE_AT = 24;
  private static final int FIXED_BYTES = 32;
  private static final int RANGE_BYTES = 24;
  private static final int ALIGNMENT = 64;
  private static final int MOST_BYTES = 16 << 20;

  /** Bytes of a chunk: where its offsets count them, and where they are in the blob. */
  record Range(long offset, long sizeBytes, long at) {}

  /** Makes the form of a draft. */
  static OwnChunk of(CopiedDraft draft, @Nullable ByteBuffer preamble) {
    long at = aligned(front(draft.ranges().size(), draft.header().remaining(), sizeOf(preamble)));
    List<Range> ranges = new ArrayList<>();
    for (CopiedDraft.Range range : draft.ranges()) {
      ranges.add(new Range(range.offset(), range.sizeBytes(), at));
      at += aligned(range.sizeBytes());
    }
    return new OwnChunk(draft.dataBytes(), draft.header(), preamble, ranges);
  }

  private static int sizeOf(@Nullable ByteBuffer preamble) {
    return preamble == null ? 0 : preamble.remaining();
  }

  private static long front(long ranges, long header, long preamble) {
    return FIXED_BYTES + ranges * RANGE_BYTES + header + preamble;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  long sizeBytes() {
    if (ranges.isEmpty()) {
      return front(0, header.remaining(), sizeOf(preamble));
    }
    Range last = ranges.get(ranges.size() - 1);
    return last.at + last.sizeBytes;
  }

  /** Writes the blob. */
  void writeTo(long address, List<CopiedDraft.Range> sources) {
    int front = (int) front(ranges.size(), header.remaining(), sizeOf(preamble));
    ByteBuffer out = Mapping.view(address, front);
    out.putLong(0, MAGIC)
        .putLong(DATA_BYTES_AT, dataBytes)
        .putInt(RANGES_AT, ranges.size())
        .putInt(HEADER_AT, header.remaining())
        .putInt(PREAMBLE_AT, preamble == null ? -1 : preamble.remaining())
        .putInt(PREAMBLE_AT + Integer.BYTES, 0)
        .position(FIXED_BYTES);
    ranges.forEach(range -> out.putLong(range.offset).putLong(range.sizeBytes).putLong(range.at));
    out.put(header.duplicate());
    if (preamble != null) {
      out.put(preamble.duplicate());
    }
    for (int i = 0; i < sources.size(); i++) {
      CopiedDraft.Range source = sources.get(i);
      ProcessMemory.copy(source.address(), address + ranges.get(i).at, source.sizeBytes());
    }
  }

  /** Returns whether a blob is a chunk of this form. */
  static boolean is(long address, long sizeBytes) {
    return sizeBytes >= FIXED_BYTES && Mapping.view(address, FIXED_BYTES).getLong(0) == MAGIC;
  }

  /** Reads a blob of this form, whoever has made it. */
  static OwnChunk read(long address, long sizeBytes) {
    ByteBuffer fixed = Mapping.view(address, FIXED_BYTES);
    int count = fixed.getInt(RANGES_AT);
    int header = fixed.getInt(HEADER_AT);
    int preamble = fixed.getInt(PREAMBLE_AT);
    long front = front(count, header, Math.max(0, preamble));
    if (count < 0 || header < 0 || preamble < -1 || front > Math.min(sizeBytes, MOST_BYTES)) {
      throw broken(count + " ranges, " + header + " and " + preamble + " bytes", sizeBytes);
    }
    ByteBuffer in = Mapping.view(address, (int) front).position(FIXED_BYTES);
    List<Range> ranges = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Range range = new Range(in.getLong(), in.getLong(), in.getLong());
      if (range.at < 0 || range.sizeBytes < 0 || range.at > sizeBytes - range.sizeBytes) {
        throw broken(range.toString(), sizeBytes);
      }
      ranges.add(range);
    }
    return new OwnChunk(
        fixed.getLong(DATA_BYTES_AT),
        copy(in, header),
        preamble < 0 ? null : copy(in, preamble),
        ranges);
  }

  private static ByteBuffer copy(ByteBuffer in, int sizeBytes) {
    byte[] bytes = new byte[sizeBytes];
    in.get(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asReadOnlyBuffer();
  }

  private static VineyardException broken(String got, long sizeBytes) {
    return VineyardException.of(
        ErrorCode.INVALID, "expected a chunk within " + sizeBytes + " bytes, got " + got);
  }

  /** Returns where bytes are in the blob; negative if they are not all there. */
  long find(long offset, long sizeBytes) {
    for (Range range : ranges) {
      long within = offset - range.offset;
      if (within >= 0 && sizeBytes >= 0 && sizeBytes <= range.sizeBytes - within) {
        return range.at + within;
      }
    }
    return -1;
  }
}
