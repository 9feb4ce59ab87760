package io.vineyard.store.message;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;

/**
 * A chunk without its place in a stream.
 *
 * @param segments the segments that it lies in, in the order in which its offsets count through
 *     them
 * @param blobs stored blobs that it needs to stay
 * @param dataBytes how many bytes count against the window
 * @param header what its kind of stream makes of it; read-only, never moved
 */
public record ChunkBody(long[] segments, long[] blobs, long dataBytes, ByteBuffer header) {
  /** No segments, or no blobs. */
  public static final long[] NONE = {};

  /** The most bytes of a header, or of what readers learn before the first chunk. */
  public static final int MOST_HEADER_BYTES = 4 << 20;

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
}
