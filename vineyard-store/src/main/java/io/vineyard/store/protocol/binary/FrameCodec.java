package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.VineyardException;

/**
 * One type of frame as bytes.
 *
 * @param <T> what it carries
 */
abstract class FrameCodec<T> {
  private final int type;

  FrameCodec(int type) {
    this.type = type;
  }

  int type() {
    return type;
  }

  /** Writes a whole frame, or fails and writes nothing. */
  final void write(T message, ByteBuf out) {
    int before = out.writerIndex();
    try {
      int start = FrameHeader.begin(out, type);
      encode(message, out);
      FrameHeader.end(out, start);
    } catch (VineyardException e) {
      out.writerIndex(before);
      throw e;
    }
  }

  abstract void encode(T message, ByteBuf out);

  /** Reads a body; whoever calls checks that nothing is left. */
  abstract T decode(ByteBuf in);
}
