package io.vineyard.store.ring;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A chunk as a slot describes it.
 *
 * @param dataBytes how many bytes count against the window
 * @param segments the segments that it lies in, in the order in which its offsets count through
 *     them
 * @param header what its kind of stream makes of it; null if it lies in the last segment, because
 *     it does not fit
 * @param overflowOffset where it then lies there
 * @param overflowBytes how many bytes it then has
 */
public record Descriptor(
    long dataBytes,
    long[] segments,
    @Nullable ByteBuffer header,
    long overflowOffset,
    int overflowBytes) {
  /** The most bytes of a header, or of what readers learn before the first chunk. */
  public static final int MOST_HEADER_BYTES = 4 << 20;

  static final long[] NO_SEGMENTS = {};

  /**
   * Returns a copy of a header for good.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if it is larger than any store takes
   */
  public static ByteBuffer copyOfHeader(ByteBuffer bytes) {
    if (bytes.remaining() > MOST_HEADER_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected at most "
              + MOST_HEADER_BYTES
              + " bytes of description, got "
              + bytes.remaining());
    }
    ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
    return copy.asReadOnlyBuffer();
  }

  /** Returns the description of a chunk whose header is in its slot. */
  public static Descriptor of(long dataBytes, long[] segments, ByteBuffer header) {
    return new Descriptor(dataBytes, segments, header, 0, 0);
  }

  /** Returns the description of a chunk whose header lies in the last of its segments. */
  public static Descriptor overflowing(long dataBytes, long[] segments, long offset, int bytes) {
    return new Descriptor(dataBytes, segments, null, offset, bytes);
  }
}
