package io.vineyard.store;

import java.nio.ByteBuffer;

/**
 * A chunk before it is published: collects which segments it needs, and gives its offsets.
 *
 * <p>Made by {@link ChunkWriter#draft()}, used by one thread, and spent by {@link
 * ChunkWriter#tryPublish}.
 */
public interface ChunkDraft {
  /**
   * Returns the offset that stands for these bytes in the chunk; negative if they are not in shared
   * memory of this client, so that they have to be copied first.
   */
  long offsetOf(long address, long sizeBytes);

  /**
   * Completes the draft.
   *
   * @param header the header, copied from its position to its limit
   * @param dataBytes how many bytes count against the window
   * @param onReclaimed is run once when no reader needs the memory any more, by a thread of the
   *     store's client that must not be blocked; never, if the chunk is not accepted
   * @throws VineyardException with {@link ErrorCode#INVALID} if the header is larger than 4 MiB
   */
  ChunkDraft complete(ByteBuffer header, long dataBytes, Runnable onReclaimed);
}
