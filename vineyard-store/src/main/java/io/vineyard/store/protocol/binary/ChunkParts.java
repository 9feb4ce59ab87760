package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.ChunkBody;

/**
 * A chunk without its place.
 *
 * <pre>
 * numbers segments, numbers blobs, i64 data bytes, bytes header
 * </pre>
 */
final class ChunkParts {
  private ChunkParts() {}

  static void write(ChunkBody body, ByteBuf out) {
    Primitives.writeNumbers(body.segments(), out);
    Primitives.writeNumbers(body.blobs(), out);
    out.writeLongLE(body.dataBytes());
    Primitives.writeBytes(body.header(), out);
  }

  static ChunkBody read(ByteBuf in) {
    return new ChunkBody(
        Primitives.readNumbers(in),
        Primitives.readNumbers(in),
        in.readLongLE(),
        Primitives.readBytes(in));
  }
}
