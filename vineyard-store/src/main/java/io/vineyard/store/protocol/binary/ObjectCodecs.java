package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;

/** Frames about blobs and objects. */
final class ObjectCodecs {
  private ObjectCodecs() {}

  /**
   * Seals a part of a leased segment.
   *
   * <pre>
   *   0         8         16       24
   * +---------+---------+--------+-----------+
   * | request | segment | offset | sizeBytes |
   * +---------+---------+--------+-----------+
   * </pre>
   */
  static final class SealBlobCodec extends FrameCodec<Command.SealBlob> {
    SealBlobCodec() {
      super(0x13);
    }

    @Override
    void encode(Command.SealBlob message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.segment());
      out.writeLongLE(message.offset());
      out.writeLongLE(message.sizeBytes());
    }

    @Override
    Command.SealBlob decode(ByteBuf in) {
      return new Command.SealBlob(
          in.readLongLE(), in.readLongLE(), in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Creates an object.
   *
   * <pre>
   *   0         8
   * +---------+------------+
   * | request | meta: meta |
   * +---------+------------+
   * </pre>
   */
  static final class CreateObjectCodec extends FrameCodec<Command.CreateObject> {
    CreateObjectCodec() {
      super(0x14);
    }

    @Override
    void encode(Command.CreateObject message, ByteBuf out) {
      out.writeLongLE(message.request());
      MetaCodec.write(message.meta(), out);
    }

    @Override
    Command.CreateObject decode(ByteBuf in) {
      return new Command.CreateObject(in.readLongLE(), MetaCodec.read(in));
    }
  }

  /**
   * Wants an object, and leases on its blobs or not.
   *
   * <pre>
   *   0         8      16
   * +---------+------+-------+
   * | request | id   | lease |
   * +---------+------+-------+
   * </pre>
   */
  static final class GetObjectCodec extends FrameCodec<Command.GetObject> {
    GetObjectCodec() {
      super(0x15);
    }

    @Override
    void encode(Command.GetObject message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
      out.writeByte(message.lease() ? 1 : 0);
    }

    @Override
    Command.GetObject decode(ByteBuf in) {
      return new Command.GetObject(in.readLongLE(), in.readLongLE(), Primitives.readTruth(in));
    }
  }

  /**
   * Returns leases on blobs.
   *
   * <pre>
   *   0
   * +----------------+
   * | blobs: numbers |
   * +----------------+
   * </pre>
   */
  static final class ReleaseBlobsCodec extends FrameCodec<Command.ReleaseBlobs> {
    ReleaseBlobsCodec() {
      super(0x16);
    }

    @Override
    void encode(Command.ReleaseBlobs message, ByteBuf out) {
      Primitives.writeNumbers(message.blobs(), out);
    }

    @Override
    Command.ReleaseBlobs decode(ByteBuf in) {
      return new Command.ReleaseBlobs(Primitives.readNumbers(in));
    }
  }

  /**
   * Lists objects.
   *
   * <pre>
   *   0         8
   * +---------+-------------------+-------+
   * | request | typePattern: text | limit |
   * +---------+-------------------+-------+
   * </pre>
   */
  static final class ListObjectsCodec extends FrameCodec<Command.ListObjects> {
    ListObjectsCodec() {
      super(0x17);
    }

    @Override
    void encode(Command.ListObjects message, ByteBuf out) {
      out.writeLongLE(message.request());
      Primitives.writeText(message.typePattern(), out);
      out.writeIntLE(message.limit());
    }

    @Override
    Command.ListObjects decode(ByteBuf in) {
      return new Command.ListObjects(in.readLongLE(), Primitives.readText(in), in.readIntLE());
    }
  }

  /**
   * Deletes an object or drops a stream.
   *
   * <pre>
   *   0         8
   * +---------+------+
   * | request | id   |
   * +---------+------+
   * </pre>
   */
  static final class DeleteObjectCodec extends FrameCodec<Command.DeleteObject> {
    DeleteObjectCodec() {
      super(0x18);
    }

    @Override
    void encode(Command.DeleteObject message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
    }

    @Override
    Command.DeleteObject decode(ByteBuf in) {
      return new Command.DeleteObject(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Persists an object.
   *
   * <pre>
   *   0         8
   * +---------+------+
   * | request | id   |
   * +---------+------+
   * </pre>
   */
  static final class PersistCodec extends FrameCodec<Command.Persist> {
    PersistCodec() {
      super(0x19);
    }

    @Override
    void encode(Command.Persist message, ByteBuf out) {
      out.writeLongLE(message.request());
      out.writeLongLE(message.id());
    }

    @Override
    Command.Persist decode(ByteBuf in) {
      return new Command.Persist(in.readLongLE(), in.readLongLE());
    }
  }

  /**
   * Objects, and where their blobs lie.
   *
   * <pre>
   *   0         8
   * +---------+--------------+--------------+
   * | request | metas: metas | blobs: blobs |
   * +---------+--------------+--------------+
   * </pre>
   */
  static final class ObjectsCodec extends FrameCodec<Event.Objects> {
    ObjectsCodec() {
      super(0x43);
    }

    @Override
    void encode(Event.Objects message, ByteBuf out) {
      out.writeLongLE(message.request());
      ObjectParts.writeMetas(message.metas(), out);
      ObjectParts.writeBlobs(message.blobs(), out);
    }

    @Override
    Event.Objects decode(ByteBuf in) {
      return new Event.Objects(
          in.readLongLE(), ObjectParts.readMetas(in), ObjectParts.readBlobs(in));
    }
  }
}
