package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.SharedMemory;
import org.jspecify.annotations.Nullable;

/** A batch all of whose bytes are in shared memory. */
final class EncodedBatch implements ChunkCodec.Encoded {
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

  @Override
  public ChunkDraft draft() {
    return draft;
  }

  @Override
  public long dataBytes() {
    return dataBytes;
  }

  @Override
  public long copiedBytes() {
    return copiedBytes;
  }

  @Override
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
