package io.vineyard.store;

import java.nio.ByteBuffer;

/**
 * A chunk of a stream, leased to the reader that received it.
 *
 * <p>A chunk is a header, whose meaning is up to the kind of stream, and bytes in shared memory
 * that the header points into by offsets. The offsets count through the chunk's segments as if they
 * lay one behind the other in the order in which the chunk lists them; nearly always it is one
 * segment. Whoever receives a chunk closes it. Thread-safe.
 */
public interface Chunk extends AutoCloseable {
  /** Returns the position in the stream, counted from 0. */
  long position();

  /** Returns the header: read-only, little-endian, from its first byte. */
  ByteBuffer header();

  /** Returns how many bytes of shared memory count as this chunk's. */
  long dataBytes();

  /**
   * Returns the address of bytes in the chunk's segments; valid until {@link #close()}, for reading
   * only.
   *
   * @param offset where they begin
   * @param sizeBytes how many they are
   * @throws VineyardException with {@link ErrorCode#INVALID} if they are not inside one segment of
   *     the chunk, or {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  long address(long offset, long sizeBytes);

  /** Returns the lease; any call but the first does nothing. */
  @Override
  void close();
}
