package io.vineyard.store.core;

import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;

/** A stream as metadata, as it is listed. */
final class StreamMeta {
  private StreamMeta() {}

  static ObjectMeta of(StreamInfo info) {
    ObjectMeta.Builder meta =
        ObjectMeta.builder(info.spec().typeName())
            .id(info.id())
            .sizeBytes(info.windowUsedBytes())
            .field("state", info.state().name())
            .field("published_chunks", info.publishedChunks())
            .field("released_chunks", info.releasedChunks())
            .field("window_chunks", info.spec().windowChunks())
            .field("window_bytes", info.spec().windowBytes());
    String name = info.spec().name();
    return (name == null ? meta : meta.field("name", name)).build();
  }
}
