package io.vineyard.store.core;

import io.vineyard.store.message.ChunkBody;

/** A published chunk, and the segments and blobs that it keeps. */
record ChunkEntry(long position, ChunkBody body, SegmentEntry[] segments, BlobEntry[] blobs) {
  long dataBytes() {
    return body.dataBytes();
  }
}
