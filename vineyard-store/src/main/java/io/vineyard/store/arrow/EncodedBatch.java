package io.vineyard.store.arrow;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.SharedMemory;
import org.jspecify.annotations.Nullable;

/** A batch all of whose bytes are in shared memory. */
final class EncodedBatch implements ChunkCodec.Encoded {
  /** What a batch needed to have in shared memory. */
  record Copies(
      SharedMemory.@Nullable Allocation columns,
      @Nullable SharedDictionaries dictionaries,
      long copiedBytes) {}

  private final RecordBatch batch;
  private final ChunkDraft draft;
  private final Copies copies;
  private final long dataBytes;

  EncodedBatch(RecordBatch batch, ChunkDraft draft, Copies copies, long dataBytes) {
    this.batch = batch;
    this.draft = draft;
    this.copies = copies;
    this.dataBytes = dataBytes;
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
    return copies.copiedBytes;
  }

  @Override
  public void discard() {
    if (copies.columns != null) {
      copies.columns.free();
    }
    if (copies.dictionaries != null) {
      copies.dictionaries.release();
    }
  }

  void reclaimed() {
    discard();
    batch.close();
  }
}
