package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;

/**
 * What every frame begins with.
 *
 * <pre>
 *   0         4      5       6         8
 * +---------+------+-------+---------+------
 * | size    | type | flags | 0       | body
 * +---------+------+-------+---------+------
 * </pre>
 *
 * <p>The size is that of the body, in bytes. No flag is in use; all must be 0.
 */
public final class FrameHeader {
  /** How many bytes it has. */
  public static final int SIZE_BYTES = 8;

  /**
   * The most bytes of a body: enough for the largest header of a chunk and everything around it.
   */
  public static final int MOST_BODY_BYTES = 8 << 20;

  /** The most bytes of a body before a client is attached. */
  static final int MOST_HANDSHAKE_BYTES = 16 << 10;

  private static final int TYPE_OFFSET = 4;
  private static final int REST_OFFSET = 5;

  private FrameHeader() {}

  /** Begins a frame; returns where, for {@link #end}. */
  static int begin(ByteBuf out, int type) {
    int start = out.writerIndex();
    out.writeIntLE(0).writeByte(type).writeByte(0).writeShortLE(0);
    return start;
  }

  /** Ends a frame: its size is known now. */
  static void end(ByteBuf out, int start) {
    int size = out.writerIndex() - start - SIZE_BYTES;
    if (size > MOST_BODY_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a message of at most " + MOST_BODY_BYTES + " bytes, got " + size);
    }
    out.setIntLE(start, size);
  }

  /** Returns the size of the body of the frame that begins at the reader index, checked. */
  static int bodyBytes(ByteBuf in, int most) {
    int start = in.readerIndex();
    long size = in.getUnsignedIntLE(start);
    if (size > most) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a frame of at most " + most + " bytes, got " + size);
    }
    int rest = in.getUnsignedMediumLE(start + REST_OFFSET);
    if (rest != 0) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a frame without flags, got " + rest);
    }
    return (int) size;
  }

  /** Returns the type of the frame that begins at the reader index. */
  static int type(ByteBuf in) {
    return in.getUnsignedByte(in.readerIndex() + TYPE_OFFSET);
  }
}
