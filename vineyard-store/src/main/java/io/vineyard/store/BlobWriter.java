package io.vineyard.store;

import java.nio.ByteBuffer;
import reactor.core.publisher.Mono;

/**
 * A blob that is being written: create, fill, then {@link #seal} or {@link #abort}.
 *
 * <p>Owned by whoever created it, and used by one thread at a time. Nobody else sees the bytes
 * before they are sealed. The memory is not cleared and may hold bytes of an earlier use.
 */
public interface BlobWriter extends AutoCloseable {
  /** Returns the size in bytes. */
  long sizeBytes();

  /**
   * Returns the address of the first byte; 0 for an empty blob. It is valid until {@link #seal} or
   * {@link #abort}.
   *
   * @throws VineyardException with {@link ErrorCode#OBJECT_SEALED} after either of them
   */
  long address();

  /**
   * Returns a writable view of a part; valid until {@link #seal} or {@link #abort}.
   *
   * @param offset bytes from the first byte of the blob
   * @param sizeBytes bytes of the view
   * @throws VineyardException with {@link ErrorCode#INVALID} if the part is not inside the blob, or
   *     {@link ErrorCode#OBJECT_SEALED} after the end of writing
   */
  ByteBuffer view(long offset, int sizeBytes);

  /**
   * Makes the blob immutable and visible, and returns its id. Happens when it is called, not when
   * the result is subscribed.
   */
  Mono<ObjectId> seal();

  /** Gives the memory back; does nothing after {@link #seal} or an earlier call. */
  void abort();

  /** The same as {@link #abort()}. */
  @Override
  default void close() {
    abort();
  }
}
