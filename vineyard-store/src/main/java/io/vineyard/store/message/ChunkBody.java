package io.vineyard.store.message;

import java.nio.ByteBuffer;

/**
 * A chunk without its place in a stream.
 *
 * @param segments the segments that it lies in, in the order in which its offsets count through
 *     them
 * @param blobs stored blobs that it needs to stay
 * @param dataBytes how many bytes count against the window
 * @param header what its kind of stream makes of it; read-only, never moved
 */
public record ChunkBody(long[] segments, long[] blobs, long dataBytes, ByteBuffer header) {
  /** No segments, or no blobs. */
  public static final long[] NONE = {};
}
