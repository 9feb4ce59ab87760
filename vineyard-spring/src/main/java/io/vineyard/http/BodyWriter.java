package io.vineyard.http;

import io.netty.buffer.ByteBufAllocator;
import io.vineyard.store.arrow.RecordBatch;
import org.jspecify.annotations.Nullable;

/** Turns one batch after the other into bytes. Used by one thread at a time. */
interface BodyWriter extends AutoCloseable {
  /** Takes a batch over, after the one before has been written. */
  void begin(RecordBatch batch);

  /** Returns the next bytes of the batch, which the caller releases; null when there are none. */
  @Nullable OwningBuffer next(ByteBufAllocator allocator);

  /** Returns what comes after the last batch, which the caller releases. */
  OwningBuffer end(ByteBufAllocator allocator);

  /** Closes the batch that has not been written to its end, and all else. */
  @Override
  void close();
}
