package io.vineyard.store.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.message.Command;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Frames that are wrong, from such that are garbage to such that are nearly right. */
final class FrameMutator {
  private static final int HEADER_BYTES = 8;
  private static final int TYPE_OFFSET = 4;
  private static final int DELETE_OBJECT = 0x18;
  private static final long BLOB = 1L << 63;
  private static final long[] ABSURD = {
    0, -1, 1, 4095, 4097, 1 << 16, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE
  };

  /** All names that it gives. */
  static final List<String> NAMES = List.of("a", "b", "c", "d", "e");

  /** The ends and the segment that a client may have, and often has. */
  static final long WRITER = 901;

  static final long READER = 902;

  private final Random random;
  private final long stream;
  private final long blob;
  private final List<Supplier<Command>> requests;
  private final List<Supplier<Command>> oneWays;
  private long numbers;

  /**
   * Makes a source of frames.
   *
   * @param stream a stream of others
   * @param blob a blob of others
   */
  FrameMutator(Random random, long stream, long blob) {
    this.random = random;
    this.stream = stream;
    this.blob = blob;
    this.requests = requests();
    this.oneWays = oneWays();
  }

  /** Commands that are answered, with an error most of the time. */
  private List<Supplier<Command>> requests() {
    return List.of(
        () -> new Command.LeaseSegment(number(), absurd(), absurd()),
        () -> new Command.CreateObject(number(), meta()),
        () -> new Command.GetObject(number(), id(), random.nextBoolean()),
        () -> new Command.ListObjects(number(), "*" + text(), limit()),
        () -> new Command.DeleteObject(number(), id()),
        () -> new Command.Persist(number(), id()),
        () -> new Command.PutName(number(), id(), text()),
        () -> new Command.GetName(number(), text(), random.nextBoolean()),
        () -> new Command.DropName(number(), text()),
        () -> new Command.CancelRequest(number()),
        () -> new Command.GetStatus(number()),
        () -> new Command.CreateStream(number(), spec()),
        () -> new Command.GetStream(number(), victim()),
        () -> new Command.OpenWriter(number(), victim()),
        () -> new Command.OpenReader(number(), victim()));
  }

  /** Commands that nobody answers: one that is wrong costs the client. */
  private List<Supplier<Command>> oneWays() {
    return List.of(
        () -> new Command.SegmentMapped(segment()),
        () -> new Command.ReturnSegment(segment()),
        () -> new Command.SealBlob(number(), segment(), absurd(), absurd()),
        () -> new Command.ReleaseBlobs(new long[] {victim(), id()}),
        () -> new Command.EndStream(handle(), (int) absurd(), text()),
        () -> new Command.CloseReader(handle(), random.nextBoolean()),
        () -> new Command.ReaderSettled(handle()),
        () -> new Command.SetPreamble(handle(), bytes()),
        () -> new Command.UseSegment(handle(), segment()),
        () -> new Command.CloseWriter(handle()),
        () -> new Command.Wake(handle()));
  }

  private long absurd() {
    return random.nextInt(4) == 0
        ? random.nextLong()
        : ABSURD[random.nextInt(ABSURD.length)] + random.nextInt(3) - 1;
  }

  private long number() {
    return random.nextInt(99) == 0 ? random.nextInt(20) : ++numbers;
  }

  private int limit() {
    int most = random.nextInt(20);
    return random.nextBoolean() ? most : random.nextInt(50) == 0 ? Integer.MAX_VALUE : -most;
  }

  private long segment() {
    return random.nextInt(4) == 0 ? absurd() : random.nextInt(50);
  }

  private long handle() {
    int which = random.nextInt(5);
    return which == 0 ? number() : which < 3 ? WRITER : READER;
  }

  private long id() {
    return random.nextInt(8) == 0 ? ObjectId.EMPTY_BLOB.value() : random.nextLong() | BLOB >>> 1;
  }

  private long victim() {
    return random.nextBoolean() ? stream : blob;
  }

  private String text() {
    return NAMES.get(random.nextInt(NAMES.size())).repeat(random.nextInt(4) == 0 ? 2000 : 1);
  }

  private ByteBuffer bytes() {
    return ByteBuffer.allocate(random.nextInt(100));
  }

  private StreamSpec spec() {
    StreamSpec spec = StreamSpec.create().windowChunks(1 + random.nextInt(1 << random.nextInt(8)));
    return random.nextInt(16) > 0 ? spec.name(text()) : spec;
  }

  private ObjectMeta meta() {
    ObjectMeta.Builder meta = ObjectMeta.builder(text()).field("n", absurd());
    if (random.nextInt(8) > 0) {
      ObjectMeta missing = ObjectMeta.reference(new ObjectId(id()));
      ObjectMeta inner = ObjectMeta.builder("inner").build();
      for (int i = random.nextInt(64); i > 0; i--) {
        inner = ObjectMeta.builder("inner").member("m", inner).build();
      }
      meta.member("m", random.nextInt(8) == 0 ? inner : missing);
    }
    return meta.build();
  }

  private ByteBuf frame(List<Supplier<Command>> from) {
    return RawClient.bytes(from.get(random.nextInt(from.size())).get());
  }

  /** Returns a frame that is refused, mostly, and then forgiven. */
  ByteBuf refused() {
    return frame(requests);
  }

  /** Returns a frame that is whole but means something that it should not. */
  ByteBuf nearlyRight() {
    return frame(oneWays);
  }

  /** Returns a frame that was damaged. */
  ByteBuf damaged() {
    ByteBuf frame = frame(random.nextBoolean() ? requests : oneWays);
    switch (random.nextInt(7)) {
      case 0 -> frame.setIntLE(0, frame.readableBytes() - HEADER_BYTES + random.nextInt(9) - 4);
      case 1 -> frame.setIntLE(0, (int) absurd());
      case 2 -> frame.setByte(TYPE_OFFSET, otherType());
      case 3 -> frame.setByte(5 + random.nextInt(3), 1 + random.nextInt(255));
      case 4 -> frame.writerIndex(random.nextInt(frame.readableBytes()));
      case 5 -> frame.setLongLE(at(frame, Long.BYTES), absurd());
      default -> flip(frame);
    }
    return frame;
  }

  /** Whoever knows a stream may delete it, which others would notice. */
  private int otherType() {
    int type = random.nextInt(256);
    return type == DELETE_OBJECT ? 0 : type;
  }

  private int at(ByteBuf frame, int size) {
    return random.nextInt(frame.readableBytes() - size + 1);
  }

  private void flip(ByteBuf frame) {
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int at = at(frame, 1);
      frame.setByte(at, frame.getByte(at) ^ 1 << random.nextInt(8));
    }
  }

  /** Returns bytes that only look like a frame at their beginning. */
  ByteBuf garbage() {
    byte[] bytes = new byte[HEADER_BYTES + random.nextInt(64)];
    random.nextBytes(bytes);
    return Unpooled.wrappedBuffer(bytes);
  }
}
