package io.vineyard.store.arrow;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.arrow.format.ChunkHeader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Record batches as chunks. */
record BatchCodec(boolean withSchema) implements ChunkCodec<RecordBatch> {
  @Override
  public Encoder<RecordBatch> encoder(ChunkWriter writer) {
    return new BatchEncoder(writer, withSchema);
  }

  @Override
  public Decoder<RecordBatch> decoder() {
    return new BatchDecoder();
  }

  @Override
  public void close(RecordBatch element) {
    element.close();
  }

  @Override
  public long rows(RecordBatch element) {
    return element.rowCount();
  }

  @Override
  public @Nullable ByteBuffer carrier(Chunk chunk) {
    return ChunkHeader.carrier(chunk.header());
  }
}
