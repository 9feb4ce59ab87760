package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames about streams and their ends. */
final class StreamCodecs {
  private StreamCodecs() {}

  /**
   * Creates a stream.
   *
   * <pre>
   *   0         8
   * +---------+------------+
   * | request | spec: spec |
   * +---------+------------+
   * </pre>
   */
  static final class CreateStreamCodec extends FrameCodec<Command.CreateStream> {
    CreateStreamCodec() {
      super(0x20);
    }

    @Override
    void encode(Command.CreateStream message, ByteBuf out) {
      out.writeLongLE(message.request());
      StreamParts.writeSpec(message.spec(), out);
    }

    @Override
    Command.CreateStream decode(ByteBuf in) {
      return new Command.CreateStream(in.readLongLE(), StreamParts.readSpec(in));
    }
  }

  /**
   * Wants to know about a stream.
   *
   * <pre>
   *   0         8
   * +---------+------+
   * | request | id   |
   * +---------+------+
   * </pre>
   */
  static final class GetStreamCodec extends FrameCodec<Command.GetStream> {
    GetStreamCodec() {
      super(0x21);
    }

    @Override
    void encode(Command.GetStream message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
    }

    @Override
    Command.GetStream decode(ByteBuf in) {
      return new Command.GetStream(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Opens the writing end.
   *
   * <pre>
   *   0        8
   * +--------+------+
   * | handle | id   |
   * +--------+------+
   * </pre>
   */
  static final class OpenWriterCodec extends FrameCodec<Command.OpenWriter> {
    OpenWriterCodec() {
      super(0x22);
    }

    @Override
    void encode(Command.OpenWriter message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeLongLE(message.id());
    }

    @Override
    Command.OpenWriter decode(ByteBuf in) {
      return new Command.OpenWriter(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Opens a reading end.
   *
   * <pre>
   *   0        8
   * +--------+------+
   * | handle | id   |
   * +--------+------+
   * </pre>
   */
  static final class OpenReaderCodec extends FrameCodec<Command.OpenReader> {
    OpenReaderCodec() {
      super(0x23);
    }

    @Override
    void encode(Command.OpenReader message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeLongLE(message.id());
    }

    @Override
    Command.OpenReader decode(ByteBuf in) {
      return new Command.OpenReader(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Ends a stream, well if the code is 0.
   *
   * <pre>
   *   0        8      12
   * +--------+------+---------------+
   * | handle | code | message: text |
   * +--------+------+---------------+
   * </pre>
   */
  static final class EndStreamCodec extends FrameCodec<Command.EndStream> {
    EndStreamCodec() {
      super(0x24);
    }

    @Override
    void encode(Command.EndStream message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeIntLE(message.code());
      Primitives.writeText(message.message(), out);
    }

    @Override
    Command.EndStream decode(ByteBuf in) {
      return new Command.EndStream(in.readLongLE(), in.readIntLE(), Primitives.readText(in));
    }
  }

  /**
   * Ends a reader; settled is 1 if it has no lease left.
   *
   * <pre>
   *   0        8
   * +--------+---------+
   * | handle | settled |
   * +--------+---------+
   * </pre>
   */
  static final class CloseReaderCodec extends FrameCodec<Command.CloseReader> {
    CloseReaderCodec() {
      super(0x25);
    }

    @Override
    void encode(Command.CloseReader message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeByte(message.settled() ? 1 : 0);
    }

    @Override
    Command.CloseReader decode(ByteBuf in) {
      return new Command.CloseReader(in.readLongLE(), Primitives.readTruth(in));
    }
  }

  /**
   * A stream.
   *
   * <pre>
   *   0         8
   * +---------+------------+
   * | request | info: info |
   * +---------+------------+
   * </pre>
   */
  static final class StreamCodec extends FrameCodec<Event.Stream> {
    StreamCodec() {
      super(0x50);
    }

    @Override
    void encode(Event.Stream message, ByteBuf out) {
      out.writeLongLE(message.request());
      StreamParts.writeInfo(message.info(), out);
    }

    @Override
    Event.Stream decode(ByteBuf in) {
      return new Event.Stream(in.readLongLE(), StreamParts.readInfo(in));
    }
  }

  /**
   * A reader has got all, well if the code is 0.
   *
   * <pre>
   *   0        8      12
   * +--------+------+---------------+
   * | handle | code | message: text |
   * +--------+------+---------------+
   * </pre>
   */
  static final class StreamEndedCodec extends FrameCodec<Event.StreamEnded> {
    StreamEndedCodec() {
      super(0x51);
    }

    @Override
    void encode(Event.StreamEnded message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeIntLE(message.code());
      Primitives.writeText(message.message(), out);
    }

    @Override
    Event.StreamEnded decode(ByteBuf in) {
      return new Event.StreamEnded(in.readLongLE(), in.readIntLE(), Primitives.readText(in));
    }
  }

  /**
   * The stream of a writer was dropped.
   *
   * <pre>
   *   0        8      12
   * +--------+------+---------------+
   * | handle | code | message: text |
   * +--------+------+---------------+
   * </pre>
   */
  static final class WriterStoppedCodec extends FrameCodec<Event.WriterStopped> {
    WriterStoppedCodec() {
      super(0x52);
    }

    @Override
    void encode(Event.WriterStopped message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeIntLE(message.code());
      Primitives.writeText(message.message(), out);
    }

    @Override
    Event.WriterStopped decode(ByteBuf in) {
      return new Event.WriterStopped(in.readLongLE(), in.readIntLE(), Primitives.readText(in));
    }
  }
}
