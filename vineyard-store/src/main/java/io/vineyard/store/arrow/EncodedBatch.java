package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.SharedMemory;
import org.jspecify.annotations.Nullable;

/**
 * A batch that was made ready to be published: all its bytes are in shared memory.
 *
 * <p>Publish {@link #draft()}, or {@link #discard()} it.
 */
public final class EncodedBatch {
  private final RecordBatch batch;
  private final ChunkDraft draft;
  private final SharedMemory.@Nullable Allocation copy;
  private final @Nullable SharedDictionaries dictionaries;
  private final long dataBytes;
  private final long copiedBytes;

  EncodedBatch(
      RecordBatch batch,
      ChunkDraft draft,
      SharedMemory.@Nullable Allocation copy,
      @Nullable SharedDictionaries dictionaries,
      long dataBytes,
      long copiedBytes) {
    this.batch = batch;
    this.draft = draft;
    this.copy = copy;
    this.dictionaries = dictionaries;
    this.dataBytes = dataBytes;
    this.copiedBytes = copiedBytes;
  }

  /** Returns what is to be published; when it is reclaimed, the batch is closed. */
  public ChunkDraft draft() {
    return draft;
  }

  /** Returns how many bytes of shared memory the chunk takes, those of dictionaries not counted. */
  public long dataBytes() {
    return dataBytes;
  }

  /** Returns how many bytes had to be copied to be in shared memory; 0 if it was built there. */
  public long copiedBytes() {
    return copiedBytes;
  }

  /** Gives back what a draft takes that is not published; the batch still belongs to the caller. */
  public void discard() {
    if (copy != null) {
      copy.free();
    }
    if (dictionaries != null) {
      dictionaries.release();
    }
  }

  void reclaimed() {
    discard();
    batch.close();
  }
}
