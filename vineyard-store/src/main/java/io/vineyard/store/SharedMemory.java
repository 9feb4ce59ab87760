package io.vineyard.store;

import org.jspecify.annotations.Nullable;

/**
 * Memory that this client may write and then publish without copying.
 *
 * <p>It is cut from segments that were leased from the store ahead of need. Thread-safe.
 */
public interface SharedMemory {
  /**
   * Takes memory, aligned to 64 bytes, of any content.
   *
   * <p>Takes it at once from what is leased; what does not fit waits for the store to lease more,
   * which blocks the calling thread for as long as one round trip.
   *
   * @throws VineyardException with {@link ErrorCode#NOT_ENOUGH_MEMORY} if the store has not got it,
   *     or {@link ErrorCode#INVALID_STREAM_STATE} if the thread must not block (see {@link
   *     #tryAllocate})
   */
  Allocation allocate(long sizeBytes);

  /**
   * Takes memory from what is leased already; null if it does not fit, and then more is asked for
   * in the background. Never blocks.
   */
  @Nullable Allocation tryAllocate(long sizeBytes);

  /**
   * Returns why the store refused the memory that was last asked for in the background; null if it
   * was not refused, or if memory was freed here since.
   */
  @Nullable VineyardException refusal();

  /** Forgets a refusal, so that the next {@link #tryAllocate} that needs it asks the store anew. */
  void askAgain();

  /** Returns whether these bytes lie in memory that a chunk of this client can be made of. */
  boolean contains(long address, long sizeBytes);

  /** Memory that was taken; whoever took it frees it once. */
  interface Allocation {
    /** Returns where it begins. */
    long address();

    /** Returns how many bytes were asked for. */
    long sizeBytes();

    /** Gives the memory back; the second call is an error. */
    void free();
  }
}
