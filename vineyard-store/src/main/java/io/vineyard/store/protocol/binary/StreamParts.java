package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import java.util.List;

/**
 * What a stream and a store are like.
 *
 * <pre>
 * spec    text type name, u8 has a name, text name, i32 window in chunks, i64 window in bytes
 * info    i64 id, spec, u8 state, i64 published chunks, i64 published bytes, i64 released chunks,
 *         i64 released bytes, i64 leased chunks, u8 has a writer, u8 has a reader
 * status  i64 capacity, i64 used, i64 peak, i32 segments, i32 clients, i32 objects, i32 names,
 *         i32 streams, i64 leases
 * </pre>
 */
final class StreamParts {
  /** A state is its place in this list on the wire. */
  private static final List<StreamInfo.State> STATES =
      List.of(StreamInfo.State.OPEN, StreamInfo.State.FINISHED, StreamInfo.State.FAILED);

  private StreamParts() {}

  static void writeSpec(StreamSpec spec, ByteBuf out) {
    String name = spec.name();
    Primitives.writeText(spec.typeName(), out);
    out.writeByte(name == null ? 0 : 1);
    Primitives.writeText(name == null ? "" : name, out);
    out.writeIntLE(spec.windowChunks());
    out.writeLongLE(spec.windowBytes());
  }

  static StreamSpec readSpec(ByteBuf in) {
    StreamSpec spec = StreamSpec.create().typeName(Primitives.readText(in));
    boolean named = Primitives.readTruth(in);
    String name = Primitives.readText(in);
    StreamSpec whole = named ? spec.name(name) : spec;
    return whole.windowChunks(in.readIntLE()).windowBytes(in.readLongLE());
  }

  static void writeInfo(StreamInfo info, ByteBuf out) {
    out.writeLongLE(info.id().value());
    writeSpec(info.spec(), out);
    out.writeByte(STATES.indexOf(info.state()));
    out.writeLongLE(info.publishedChunks());
    out.writeLongLE(info.publishedBytes());
    out.writeLongLE(info.releasedChunks());
    out.writeLongLE(info.releasedBytes());
    out.writeLongLE(info.leasedChunks());
    out.writeByte(info.hasWriter() ? 1 : 0);
    out.writeByte(info.hasReader() ? 1 : 0);
  }

  static StreamInfo readInfo(ByteBuf in) {
    return new StreamInfo(
        new ObjectId(in.readLongLE()),
        readSpec(in),
        readState(in),
        in.readLongLE(),
        in.readLongLE(),
        in.readLongLE(),
        in.readLongLE(),
        in.readLongLE(),
        Primitives.readTruth(in),
        Primitives.readTruth(in));
  }

  private static StreamInfo.State readState(ByteBuf in) {
    int state = in.readUnsignedByte();
    if (state >= STATES.size()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a state below " + STATES.size() + ", got " + state);
    }
    return STATES.get(state);
  }

  static void writeStatus(StoreStatus status, ByteBuf out) {
    out.writeLongLE(status.capacityBytes());
    out.writeLongLE(status.usedBytes());
    out.writeLongLE(status.peakBytes());
    out.writeIntLE(status.segments());
    out.writeIntLE(status.clients());
    out.writeIntLE(status.objects());
    out.writeIntLE(status.names());
    out.writeIntLE(status.streams());
    out.writeLongLE(status.leases());
  }

  static StoreStatus readStatus(ByteBuf in) {
    return new StoreStatus(
        in.readLongLE(),
        in.readLongLE(),
        in.readLongLE(),
        in.readIntLE(),
        in.readIntLE(),
        in.readIntLE(),
        in.readIntLE(),
        in.readIntLE(),
        in.readLongLE());
  }
}
