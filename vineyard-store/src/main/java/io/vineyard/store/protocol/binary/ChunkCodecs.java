package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames about the ring of a stream, through which its chunks go. */
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
   * A writer will publish chunks that lie in a segment.
   *
   * <pre>
   *   0        8
   * +--------+---------+
   * | handle | segment |
   * +--------+---------+
   * </pre>
   */
  static final class UseSegmentCodec extends FrameCodec<Command.UseSegment> {
    UseSegmentCodec() {
      super(0x29);
    }

    @Override
    void encode(Command.UseSegment message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeLongLE(message.segment());
    }

    @Override
    Command.UseSegment decode(ByteBuf in) {
      return new Command.UseSegment(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * A writer has wound up.
   *
   * <pre>
   *   0
   * +--------+
   * | handle |
   * +--------+
   * </pre>
   */
  static final class CloseWriterCodec extends FrameCodec<Command.CloseWriter> {
    CloseWriterCodec() {
      super(0x2a);
    }

    @Override
    void encode(Command.CloseWriter message, ByteBuf out) {
      out.writeLongLE(message.handle());
    }

    @Override
    Command.CloseWriter decode(ByteBuf in) {
      return new Command.CloseWriter(in.readLongLE());
    }
  }

  /**
   * A closed reader has released everything.
   *
   * <pre>
   *   0
   * +--------+
   * | handle |
   * +--------+
   * </pre>
   */
  static final class ReaderSettledCodec extends FrameCodec<Command.ReaderSettled> {
    ReaderSettledCodec() {
      super(0x2b);
    }

    @Override
    void encode(Command.ReaderSettled message, ByteBuf out) {
      out.writeLongLE(message.handle());
    }

    @Override
    Command.ReaderSettled decode(ByteBuf in) {
      return new Command.ReaderSettled(in.readLongLE());
    }
  }

  /**
   * Wakes the other end.
   *
   * <pre>
   *   0
   * +--------+
   * | handle |
   * +--------+
   * </pre>
   */
  static final class WakeOtherCodec extends FrameCodec<Command.Wake> {
    WakeOtherCodec() {
      super(0x2c);
    }

    @Override
    void encode(Command.Wake message, ByteBuf out) {
      out.writeLongLE(message.handle());
    }

    @Override
    Command.Wake decode(ByteBuf in) {
      return new Command.Wake(in.readLongLE());
    }
  }

  /**
   * The other end has woken this one.
   *
   * <pre>
   *   0
   * +--------+
   * | handle |
   * +--------+
   * </pre>
   */
  static final class WokenCodec extends FrameCodec<Event.Wake> {
    WokenCodec() {
      super(0x59);
    }

    @Override
    void encode(Event.Wake message, ByteBuf out) {
      out.writeLongLE(message.handle());
    }

    @Override
    Event.Wake decode(ByteBuf in) {
      return new Event.Wake(in.readLongLE());
    }
  }

  /**
   * Chunks came back into the ring.
   *
   * <pre>
   *   0
   * +--------+
   * | handle |
   * +--------+
   * </pre>
   */
  static final class ReturnedCodec extends FrameCodec<Event.Returned> {
    ReturnedCodec() {
      super(0x5a);
    }

    @Override
    void encode(Event.Returned message, ByteBuf out) {
      out.writeLongLE(message.handle());
    }

    @Override
    Event.Returned decode(ByteBuf in) {
      return new Event.Returned(in.readLongLE());
    }
  }
}
