package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames about segments. */
final class SegmentCodecs {
  private SegmentCodecs() {}

  /**
   * Wants a segment to write in.
   *
   * <pre>
   *   0         8            16
   * +---------+------------+-------------+
   * | request | leastBytes | wantedBytes |
   * +---------+------------+-------------+
   * </pre>
   */
  static final class LeaseSegmentCodec extends FrameCodec<Command.LeaseSegment> {
    LeaseSegmentCodec() {
      super(0x10);
    }

    @Override
    void encode(Command.LeaseSegment message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.leastBytes());
      out.writeLongLE(message.wantedBytes());
    }

    @Override
    Command.LeaseSegment decode(ByteBuf in) {
      return new Command.LeaseSegment(in.readLongLE(), in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Has mapped a leased segment.
   *
   * <pre>
   *   0
   * +---------+
   * | segment |
   * +---------+
   * </pre>
   */
  static final class SegmentMappedCodec extends FrameCodec<Command.SegmentMapped> {
    SegmentMappedCodec() {
      super(0x11);
    }

    @Override
    void encode(Command.SegmentMapped message, ByteBuf out) {
      out.writeLongLE(message.segment());
    }

    @Override
    Command.SegmentMapped decode(ByteBuf in) {
      return new Command.SegmentMapped(in.readLongLE());
    }
  }

  /**
   * Gives a leased segment back.
   *
   * <pre>
   *   0
   * +---------+
   * | segment |
   * +---------+
   * </pre>
   */
  static final class ReturnSegmentCodec extends FrameCodec<Command.ReturnSegment> {
    ReturnSegmentCodec() {
      super(0x12);
    }

    @Override
    void encode(Command.ReturnSegment message, ByteBuf out) {
      out.writeLongLE(message.segment());
    }

    @Override
    Command.ReturnSegment decode(ByteBuf in) {
      return new Command.ReturnSegment(in.readLongLE());
    }
  }

  /**
   * A segment whose descriptor comes on the second connection; request 0 if it is only to be read.
   *
   * <pre>
   *   0         8      16
   * +---------+------+---------------+
   * | request | id   | capacityBytes |
   * +---------+------+---------------+
   * </pre>
   */
  static final class SegmentAnnouncedCodec extends FrameCodec<SegmentAnnounced> {
    SegmentAnnouncedCodec() {
      super(0x40);
    }

    @Override
    void encode(SegmentAnnounced message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
      out.writeLongLE(message.capacityBytes());
    }

    @Override
    SegmentAnnounced decode(ByteBuf in) {
      return new SegmentAnnounced(in.readLongLE(), in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * A segment is not in use any more.
   *
   * <pre>
   *   0
   * +------+
   * | id   |
   * +------+
   * </pre>
   */
  static final class SegmentClosedCodec extends FrameCodec<Event.SegmentClosed> {
    SegmentClosedCodec() {
      super(0x41);
    }

    @Override
    void encode(Event.SegmentClosed message, ByteBuf out) {
      out.writeLongLE(message.id());
    }

    @Override
    Event.SegmentClosed decode(ByteBuf in) {
      return new Event.SegmentClosed(in.readLongLE());
    }
  }

  /**
   * The memory of sealed blobs is back.
   *
   * <pre>
   *   0         8
   * +---------+------------------+
   * | segment | offsets: numbers |
   * +---------+------------------+
   * </pre>
   */
  static final class BlobsReclaimedCodec extends FrameCodec<Event.BlobsReclaimed> {
    BlobsReclaimedCodec() {
      super(0x42);
    }

    @Override
    void encode(Event.BlobsReclaimed message, ByteBuf out) {
      out.writeLongLE(message.segment());
      Primitives.writeNumbers(message.offsets(), out);
    }

    @Override
    Event.BlobsReclaimed decode(ByteBuf in) {
      return new Event.BlobsReclaimed(in.readLongLE(), Primitives.readNumbers(in));
    }
  }

  /**
   * The ring of a stream, whose descriptor comes on the second connection.
   *
   * <pre>
   *   0        8       12
   * +--------+-------+---------------+
   * | handle | epoch | capacityBytes |
   * +--------+-------+---------------+
   * </pre>
   */
  static final class RingAnnouncedCodec extends FrameCodec<RingAnnounced> {
    RingAnnouncedCodec() {
      super(0x5b);
    }

    @Override
    void encode(RingAnnounced message, ByteBuf out) {
      out.writeLongLE(message.handle());
      out.writeIntLE(message.epoch());
      out.writeLongLE(message.capacityBytes());
    }

    @Override
    RingAnnounced decode(ByteBuf in) {
      return new RingAnnounced(in.readLongLE(), in.readIntLE(), in.readLongLE());
    }
  }
}
