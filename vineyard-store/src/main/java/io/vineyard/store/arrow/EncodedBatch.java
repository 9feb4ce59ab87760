package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.SharedMemory;
import org.apache.arrow.memory.ReferenceManager;
import org.jspecify.annotations.Nullable;

/**
 * A batch all of whose bytes are in shared memory.
 *
 * @param held what keeps them there
 */
record EncodedBatch(ChunkDraft draft, long dataBytes, Held held) implements ChunkCodec.Encoded {

  /**
   * The memory that a chunk lies in, until it is reclaimed.
   *
   * @param owners of the buffers that are published where they are
   * @param copies of all other buffers
   */
  record Held(
      ReferenceManager[] owners,
      SharedMemory.@Nullable Allocation copies,
      @Nullable SharedDictionaries dictionaries,
      long copiedBytes) {

    static Held ofCopies(
        SharedMemory.@Nullable Allocation copies, @Nullable SharedDictionaries dictionaries) {
      return new Held(new ReferenceManager[0], copies, dictionaries, 0);
    }

    void release() {
      for (ReferenceManager owner : owners) {
        owner.release();
      }
      if (copies != null) {
        copies.free();
      }
      if (dictionaries != null) {
        dictionaries.release();
      }
    }
  }

  @Override
  public long copiedBytes() {
    return held.copiedBytes;
  }

  @Override
  public void discard() {
    held.release();
  }
}
