package io.vineyard.reactive;

import io.vineyard.store.arrow.BatchAppender;
import io.vineyard.store.arrow.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** Cuts and joins batches so that each has so many rows. */
final class Rebatching implements Flattening.Maker<RecordBatch> {
  private final int rows;
  private final BatchAppender joined;
  private @Nullable RecordBatch current;
  private int offset;
  private boolean fits;

  Rebatching(int rows, BufferAllocator allocator) {
    this.rows = rows;
    this.joined = BatchAppender.over(allocator);
  }

  @Override
  public void take(RecordBatch batch) {
    if (batch.rowCount() == 0) {
      batch.close();
      return;
    }
    current = batch;
    offset = 0;
    fits = joined.fits(batch);
  }

  @Override
  public @Nullable RecordBatch next() {
    RecordBatch batch = current;
    if (batch == null) {
      return null;
    }
    if (!fits) {
      fits = true;
      return joined.take();
    }
    int left = batch.rowCount() - offset;
    int missing = rows - joined.rowCount();
    if (left >= missing && joined.rowCount() == 0) {
      return cut(batch, missing);
    }
    try (RecordBatch part = cut(batch, Math.min(left, missing))) {
      joined.append(part);
    }
    return joined.rowCount() == rows ? joined.take() : null;
  }

  /** Takes the next rows out of the current batch, without copying them. */
  private RecordBatch cut(RecordBatch batch, int count) {
    boolean isLast = offset + count == batch.rowCount();
    if (isLast && offset == 0) {
      current = null;
      return batch;
    }
    RecordBatch part = batch.slice(offset, count);
    offset += count;
    if (isLast) {
      current = null;
      batch.close();
    }
    return part;
  }

  @Override
  public @Nullable RecordBatch rest(boolean failed) {
    return joined.rowCount() == 0 ? null : joined.take();
  }

  @Override
  public void close() {
    joined.close();
    if (current != null) {
      current.close();
      current = null;
    }
  }
}
