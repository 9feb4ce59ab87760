package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames about names, answers and the store. */
final class RequestCodecs {
  private RequestCodecs() {}

  /**
   * Names an object.
   *
   * <pre>
   *   0         8      16
   * +---------+------+------------+
   * | request | id   | name: text |
   * +---------+------+------------+
   * </pre>
   */
  static final class PutNameCodec extends FrameCodec<Command.PutName> {
    PutNameCodec() {
      super(0x1a);
    }

    @Override
    void encode(Command.PutName message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
      Primitives.writeText(message.name(), out);
    }

    @Override
    Command.PutName decode(ByteBuf in) {
      return new Command.PutName(in.readLongLE(), in.readLongLE(), Primitives.readText(in));
    }
  }

  /**
   * Wants what has a name.
   *
   * <pre>
   *   0         8
   * +---------+------------+---------+
   * | request | name: text | mayWait |
   * +---------+------------+---------+
   * </pre>
   */
  static final class GetNameCodec extends FrameCodec<Command.GetName> {
    GetNameCodec() {
      super(0x1b);
    }

    @Override
    void encode(Command.GetName message, ByteBuf out) {
      out.writeLongLE(message.request());
      Primitives.writeText(message.name(), out);
      out.writeByte(message.mayWait() ? 1 : 0);
    }

    @Override
    Command.GetName decode(ByteBuf in) {
      return new Command.GetName(
          in.readLongLE(), Primitives.readText(in), Primitives.readTruth(in));
    }
  }

  /**
   * Takes a name away.
   *
   * <pre>
   *   0         8
   * +---------+------------+
   * | request | name: text |
   * +---------+------------+
   * </pre>
   */
  static final class DropNameCodec extends FrameCodec<Command.DropName> {
    DropNameCodec() {
      super(0x1c);
    }

    @Override
    void encode(Command.DropName message, ByteBuf out) {
      out.writeLongLE(message.request());
      Primitives.writeText(message.name(), out);
    }

    @Override
    Command.DropName decode(ByteBuf in) {
      return new Command.DropName(in.readLongLE(), Primitives.readText(in));
    }
  }

  /**
   * Gives a waiting request up.
   *
   * <pre>
   *   0
   * +---------+
   * | request |
   * +---------+
   * </pre>
   */
  static final class CancelRequestCodec extends FrameCodec<Command.CancelRequest> {
    CancelRequestCodec() {
      super(0x1d);
    }

    @Override
    void encode(Command.CancelRequest message, ByteBuf out) {
      out.writeLongLE(message.request());
    }

    @Override
    Command.CancelRequest decode(ByteBuf in) {
      return new Command.CancelRequest(in.readLongLE());
    }
  }

  /**
   * Wants to know about the store.
   *
   * <pre>
   *   0
   * +---------+
   * | request |
   * +---------+
   * </pre>
   */
  static final class GetStatusCodec extends FrameCodec<Command.GetStatus> {
    GetStatusCodec() {
      super(0x1e);
    }

    @Override
    void encode(Command.GetStatus message, ByteBuf out) {
      out.writeLongLE(message.request());
    }

    @Override
    Command.GetStatus decode(ByteBuf in) {
      return new Command.GetStatus(in.readLongLE());
    }
  }

  /**
   * A request is done.
   *
   * <pre>
   *   0         8
   * +---------+-------+
   * | request | value |
   * +---------+-------+
   * </pre>
   */
  static final class DoneCodec extends FrameCodec<Event.Done> {
    DoneCodec() {
      super(0x44);
    }

    @Override
    void encode(Event.Done message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.value());
    }

    @Override
    Event.Done decode(ByteBuf in) {
      return new Event.Done(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * A request failed.
   *
   * <pre>
   *   0         8      12
   * +---------+------+---------------+
   * | request | code | message: text |
   * +---------+------+---------------+
   * </pre>
   */
  static final class FailedCodec extends FrameCodec<Event.Failed> {
    FailedCodec() {
      super(0x45);
    }

    @Override
    void encode(Event.Failed message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeIntLE(message.code());
      Primitives.writeText(message.message(), out);
    }

    @Override
    Event.Failed decode(ByteBuf in) {
      return new Event.Failed(in.readLongLE(), in.readIntLE(), Primitives.readText(in));
    }
  }

  /**
   * The store.
   *
   * <pre>
   *   0         8
   * +---------+----------------+
   * | request | status: status |
   * +---------+----------------+
   * </pre>
   */
  static final class StatusCodec extends FrameCodec<Event.Status> {
    StatusCodec() {
      super(0x46);
    }

    @Override
    void encode(Event.Status message, ByteBuf out) {
      out.writeLongLE(message.request());
      StreamParts.writeStatus(message.status(), out);
    }

    @Override
    Event.Status decode(ByteBuf in) {
      return new Event.Status(in.readLongLE(), StreamParts.readStatus(in));
    }
  }
}
