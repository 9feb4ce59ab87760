package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;

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

  /** Writes a whole frame. */
  final void write(T message, ByteBuf out) {
    int start = FrameHeader.begin(out, type);
    encode(message, out);
    FrameHeader.end(out, start);
  }

  abstract void encode(T message, ByteBuf out);

  /** Reads a body; whoever calls checks that nothing is left. */
  abstract T decode(ByteBuf in);
}
