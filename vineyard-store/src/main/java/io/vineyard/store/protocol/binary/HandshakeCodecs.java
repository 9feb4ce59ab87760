package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;

/** Frames that begin and end a connection. */
final class HandshakeCodecs {
  private HandshakeCodecs() {}

  /**
   * The versions that a client speaks.
   *
   * <pre>
   *   0        2         4      12
   * +--------+---------+------+------------+
   * | lowest | highest | pid  | name: text |
   * +--------+---------+------+------------+
   * </pre>
   */
  static final class HelloCodec extends FrameCodec<Handshake.Hello> {
    HelloCodec() {
      super(0x01);
    }

    @Override
    void encode(Handshake.Hello message, ByteBuf out) {
      out.writeShortLE(message.lowest());
      out.writeShortLE(message.highest());
      out.writeLongLE(message.pid());
      Primitives.writeText(message.name(), out);
    }

    @Override
    Handshake.Hello decode(ByteBuf in) {
      return new Handshake.Hello(
          in.readUnsignedShortLE(),
          in.readUnsignedShortLE(),
          in.readLongLE(),
          Primitives.readText(in));
    }
  }

  /**
   * What a client is to know of the store.
   *
   * <pre>
   *   0         2        10          18         26              34             42
   * +---------+--------+-----------+----------+---------------+--------------+------+
   * | version | client | tokenHigh | tokenLow | capacityBytes | segmentBytes | pid  |
   * +---------+--------+-----------+----------+---------------+--------------+------+
   * </pre>
   */
  static final class WelcomeCodec extends FrameCodec<Handshake.Welcome> {
    WelcomeCodec() {
      super(0x02);
    }

    @Override
    void encode(Handshake.Welcome message, ByteBuf out) {
      out.writeShortLE(message.version());
      out.writeLongLE(message.client());
      out.writeLongLE(message.tokenHigh());
      out.writeLongLE(message.tokenLow());
      out.writeLongLE(message.capacityBytes());
      out.writeLongLE(message.segmentBytes());
      out.writeLongLE(message.pid());
    }

    @Override
    Handshake.Welcome decode(ByteBuf in) {
      return new Handshake.Welcome(
          in.readUnsignedShortLE(),
          in.readLongLE(),
          in.readLongLE(),
          in.readLongLE(),
          in.readLongLE(),
          in.readLongLE(),
          in.readLongLE());
    }
  }

  /**
   * Which client a second connection belongs to.
   *
   * <pre>
   *   0        8           16
   * +--------+-----------+----------+
   * | client | tokenHigh | tokenLow |
   * +--------+-----------+----------+
   * </pre>
   */
  static final class AttachCodec extends FrameCodec<Handshake.Attach> {
    AttachCodec() {
      super(0x03);
    }

    @Override
    void encode(Handshake.Attach message, ByteBuf out) {
      out.writeLongLE(message.client());
      out.writeLongLE(message.tokenHigh());
      out.writeLongLE(message.tokenLow());
    }

    @Override
    Handshake.Attach decode(ByteBuf in) {
      return new Handshake.Attach(in.readLongLE(), in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Both connections are there.
   *
   * <pre>
   *   0
   * +---------+
   * | version |
   * +---------+
   * </pre>
   */
  static final class ReadyCodec extends FrameCodec<Handshake.Ready> {
    ReadyCodec() {
      super(0x04);
    }

    @Override
    void encode(Handshake.Ready message, ByteBuf out) {
      out.writeShortLE(message.version());
    }

    @Override
    Handshake.Ready decode(ByteBuf in) {
      return new Handshake.Ready(in.readUnsignedShortLE());
    }
  }

  /**
   * Why the store ends the connection.
   *
   * <pre>
   *   0      4
   * +------+---------------+
   * | code | message: text |
   * +------+---------------+
   * </pre>
   */
  static final class ClosedCodec extends FrameCodec<Handshake.Closed> {
    ClosedCodec() {
      super(0x05);
    }

    @Override
    void encode(Handshake.Closed message, ByteBuf out) {
      out.writeIntLE(message.code());
      Primitives.writeText(message.message(), out);
    }

    @Override
    Handshake.Closed decode(ByteBuf in) {
      return new Handshake.Closed(in.readIntLE(), Primitives.readText(in));
    }
  }
}
