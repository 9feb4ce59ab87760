package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames that move chunks: the hot path. */
final class ChunkCodecs {
  private ChunkCodecs() {}

  /**
   * What readers learn first.
   *
   * <pre>
   *   0        8
   * +--------+--------------+
   * | handle | bytes: bytes |
   * +--------+--------------+
   * </pre>
   */
  static final class SetPreambleCodec extends FrameCodec<Command.SetPreamble> {
    SetPreambleCodec() {
      super(0x28);
    }

    @Override
    void encode(Command.SetPreamble message, ByteBuf out) {
      out.writeLongLE(message.handle());
      Primitives.writeBytes(message.bytes(), out);
    }

    @Override
    Command.SetPreamble decode(ByteBuf in) {
      return new Command.SetPreamble(in.readLongLE(), Primitives.readBytes(in));
    }
  }

  /**
   * Publishes a chunk.
   *
   * <pre>
   *   0        8
   * +--------+------------+
   * | handle | body: body |
   * +--------+------------+
   * </pre>
   */
  static final class PublishCodec extends FrameCodec<Command.Publish> {
    PublishCodec() {
      super(0x29);
    }

    @Override
    void encode(Command.Publish message, ByteBuf out) {
      out.writeLongLE(message.handle());
      ChunkParts.write(message.body(), out);
    }

    @Override
    Command.Publish decode(ByteBuf in) {
      return new Command.Publish(in.readLongLE(), ChunkParts.read(in));
    }
  }

  /**
   * Gives credit.
   *
   * <pre>
   *   0        8
   * +--------+--------+
   * | handle | chunks |
   * +--------+--------+
   * </pre>
   */
  static final class RequestChunksCodec extends FrameCodec<Command.RequestChunks> {
    RequestChunksCodec() {
      super(0x2a);
    }

    @Override
    void encode(Command.RequestChunks message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeLongLE(message.chunks());
    }

    @Override
    Command.RequestChunks decode(ByteBuf in) {
      return new Command.RequestChunks(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Returns leases.
   *
   * <pre>
   *   0        8
   * +--------+--------------------+
   * | handle | positions: numbers |
   * +--------+--------------------+
   * </pre>
   */
  static final class ReleaseChunksCodec extends FrameCodec<Command.ReleaseChunks> {
    ReleaseChunksCodec() {
      super(0x2b);
    }

    @Override
    void encode(Command.ReleaseChunks message, ByteBuf out) {
      out.writeLongLE(message.handle());
      Primitives.writeNumbers(message.positions(), out);
    }

    @Override
    Command.ReleaseChunks decode(ByteBuf in) {
      return new Command.ReleaseChunks(in.readLongLE(), Primitives.readNumbers(in));
    }
  }

  /**
   * What a reader learns first.
   *
   * <pre>
   *   0        8
   * +--------+--------------+
   * | handle | bytes: bytes |
   * +--------+--------------+
   * </pre>
   */
  static final class PreambleCodec extends FrameCodec<Event.Preamble> {
    PreambleCodec() {
      super(0x58);
    }

    @Override
    void encode(Event.Preamble message, ByteBuf out) {
      out.writeLongLE(message.handle());
      Primitives.writeBytes(message.bytes(), out);
    }

    @Override
    Event.Preamble decode(ByteBuf in) {
      return new Event.Preamble(in.readLongLE(), Primitives.readBytes(in));
    }
  }

  /**
   * A chunk, leased to a reader.
   *
   * <pre>
   *   0        8          16
   * +--------+----------+------------+
   * | handle | position | body: body |
   * +--------+----------+------------+
   * </pre>
   */
  static final class DeliveredCodec extends FrameCodec<Event.Delivered> {
    DeliveredCodec() {
      super(0x59);
    }

    @Override
    void encode(Event.Delivered message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeLongLE(message.position());
      ChunkParts.write(message.body(), out);
    }

    @Override
    Event.Delivered decode(ByteBuf in) {
      return new Event.Delivered(in.readLongLE(), in.readLongLE(), ChunkParts.read(in));
    }
  }

  /**
   * A writer gets chunks back.
   *
   * <pre>
   *   0        8
   * +--------+--------------------+
   * | handle | positions: numbers |
   * +--------+--------------------+
   * </pre>
   */
  static final class ReclaimedCodec extends FrameCodec<Event.Reclaimed> {
    ReclaimedCodec() {
      super(0x5a);
    }

    @Override
    void encode(Event.Reclaimed message, ByteBuf out) {
      out.writeLongLE(message.handle());
      Primitives.writeNumbers(message.positions(), out);
    }

    @Override
    Event.Reclaimed decode(ByteBuf in) {
      return new Event.Reclaimed(in.readLongLE(), Primitives.readNumbers(in));
    }
  }
}
