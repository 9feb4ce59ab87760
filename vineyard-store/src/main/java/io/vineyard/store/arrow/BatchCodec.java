package io.vineyard.store.arrow;

import io.vineyard.store.ChunkWriter;

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
}
