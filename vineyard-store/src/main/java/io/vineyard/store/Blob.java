package io.vineyard.store;

import java.nio.ByteBuffer;

/**
 * A sealed blob, leased for reading: immutable bytes in shared memory.
 *
 * <p>Whoever receives a blob closes it; the bytes stay where they are until then, even if the blob
 * is deleted meanwhile. Thread-safe.
 */
public interface Blob extends AutoCloseable {
  /** Returns the name of the blob. */
  ObjectId id();

  /** Returns the size in bytes. */
  long sizeBytes();

  /**
   * Returns the address of the first byte, for code that wraps memory in place; 0 for an empty
   * blob. It is valid until {@link #close()}, and for reading only: the kernel ends a process that
   * writes here.
   *
   * @throws VineyardException with {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  long address();

  /**
   * Returns a read-only view of a part; valid until {@link #close()}.
   *
   * @param offset bytes from the first byte of the blob
   * @param sizeBytes bytes of the view
   * @throws VineyardException with {@link ErrorCode#INVALID} if the part is not inside the blob
   */
  ByteBuffer view(long offset, int sizeBytes);

  /** Returns the lease; any call but the first does nothing. */
  @Override
  void close();
}
