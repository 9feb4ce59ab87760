package io.vineyard.store.protocol.binary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every frame of the binary dialect, byte for byte, and what is refused in its place. */
class GoldenFramesTest {
  private static final List<String> FILES =
      List.of("handshake", "segments", "objects", "requests", "streams", "chunks");
  private static final Set<Class<?>> WITH_SEGMENTS =
      Set.of(Event.SegmentLeased.class, Event.SegmentShared.class, Event.RingShared.class);
  private static final Map<String, byte[]> GOLDEN = golden();
  private static final Map<String, Object> MESSAGES = GoldenMessages.all();
  private static final Map<String, byte[]> MALFORMED = GoldenFile.read("malformed");

  private static Map<String, byte[]> golden() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    FILES.forEach(file -> all.putAll(GoldenFile.read(file)));
    return all;
  }

  static Set<String> messages() {
    return MESSAGES.keySet();
  }

  static Set<String> malformed() {
    return MALFORMED.keySet();
  }

  /** Whoever may get a frame reads it. */
  private static FrameReader readerFor(Object message) {
    if (message instanceof Handshake.Hello || message instanceof Handshake.Attach) {
      return FrameReader.ofHandshakes();
    }
    return message instanceof Command ? FrameReader.ofCommands() : FrameReader.ofEvents();
  }

  private static void encode(Object message, ByteBuf out) {
    if (message instanceof Command command) {
      command.accept(new CommandEncoder(out));
    } else if (message instanceof Event event) {
      event.accept(new EventEncoder(out));
    } else if (message instanceof Handshake handshake) {
      HandshakeFrames.write(handshake, out);
    } else if (message instanceof RingAnnounced ring) {
      EventEncoder.RING_ANNOUNCED.write(ring, out);
    } else {
      EventEncoder.SEGMENT_ANNOUNCED.write((SegmentAnnounced) message, out);
    }
  }

  private static void assertEncodes(Object message, String title) {
    ByteBuf out = Unpooled.buffer();
    encode(message, out);
    assertThat(GoldenFile.dump(out)).isEqualTo(GoldenFile.dump(GOLDEN.get(title)));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void messageEncodesToItsFrame(String title) {
    assertEncodes(MESSAGES.get(title), title);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void frameDecodesToItsMessage(String title) {
    ByteBuf in = Unpooled.wrappedBuffer(GOLDEN.get(title));
    Object message = readerFor(MESSAGES.get(title)).read(in);
    assertThat(message)
        .as(GoldenFile.dump(GOLDEN.get(title)))
        .usingRecursiveComparison()
        .withStrictTypeChecking()
        .isEqualTo(MESSAGES.get(title));
    assertThat(in.readableBytes()).as("bytes left").isZero();
  }

  @ParameterizedTest
  @MethodSource("messages")
  void frameThatHasNotWhollyArrivedIsWaitedFor(String title) {
    byte[] whole = GOLDEN.get(title);
    FrameReader reader = readerFor(MESSAGES.get(title));
    for (int size = 0; size < whole.length; size++) {
      ByteBuf in = Unpooled.wrappedBuffer(whole, 0, size);
      assertThat(reader.read(in)).as(GoldenFile.dump(in)).isNull();
      assertThat(in.readerIndex()).as("bytes read").isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void frameThatIsCutAnywhereIsRefused(String title) {
    byte[] whole = GOLDEN.get(title);
    for (int size = FrameHeader.SIZE_BYTES; size < whole.length; size++) {
      byte[] cut = Arrays.copyOf(whole, size);
      assertRefused(readerFor(MESSAGES.get(title)), sized(cut), "expected");
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void frameWithMoreAfterItsEndIsRefused(String title) {
    byte[] longer = Arrays.copyOf(GOLDEN.get(title), GOLDEN.get(title).length + 3);
    assertRefused(readerFor(MESSAGES.get(title)), sized(longer), "to end, got 3 bytes more");
  }

  /** Returns a frame with the size of its body in its header. */
  private static byte[] sized(byte[] frame) {
    Unpooled.wrappedBuffer(frame).setIntLE(0, frame.length - FrameHeader.SIZE_BYTES);
    return frame;
  }

  private static void assertRefused(FrameReader reader, byte[] frame, String words) {
    Object message;
    try {
      message = reader.read(Unpooled.wrappedBuffer(frame));
    } catch (VineyardException e) {
      assertThat(e.code()).as(e.getMessage()).isEqualTo(ErrorCode.PROTOCOL_ERROR);
      assertThat(e.getMessage()).as(GoldenFile.dump(frame)).contains(words);
      return;
    }
    fail("expected an error, got %s of%n%s", message, GoldenFile.dump(frame));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void malformedFrameIsRefused(String title) {
    String words = title.split(": ", 2)[1];
    assertRefused(FrameReader.ofCommands(), MALFORMED.get(title), words);
  }

  @Test
  void segmentsAreAnnounced() {
    try (Segment segment = Segment.create("golden", 8192)) {
      assertEncodes(new Event.SegmentLeased(2, 4, segment), "SegmentLeased");
      assertEncodes(new Event.SegmentShared(5, segment), "SegmentShared");
      assertEncodes(new Event.RingShared(18, 2, segment), "RingShared");
    }
  }

  @Test
  void everyMessageHasAGoldenFrame() {
    Set<Class<?>> expected =
        Stream.of(Command.class, Event.class, Handshake.class)
            .flatMap(family -> Stream.of(family.getPermittedSubclasses()))
            .collect(Collectors.toSet());
    expected.removeAll(WITH_SEGMENTS);
    expected.add(SegmentAnnounced.class);
    expected.add(RingAnnounced.class);
    assertThat(MESSAGES.values().stream().map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(expected);
  }

  @Test
  void everyGoldenFrameHasAMessage() {
    Set<String> expected = new TreeSet<>(MESSAGES.keySet());
    WITH_SEGMENTS.forEach(type -> expected.add(type.getSimpleName()));
    assertThat(GOLDEN.keySet()).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void everyTypeIsThatOfOneMessage() {
    Map<Integer, Set<Class<?>>> types =
        MESSAGES.entrySet().stream()
            .collect(
                Collectors.groupingBy(
                    entry -> FrameHeader.type(Unpooled.wrappedBuffer(GOLDEN.get(entry.getKey()))),
                    Collectors.mapping(entry -> entry.getValue().getClass(), Collectors.toSet())));
    assertThat(types.values()).allSatisfy(classes -> assertThat(classes).hasSize(1));
  }

  /** Trees without anything but one member, one in the other. */
  private static byte[] nested(int depth) {
    ByteBuf frame = Unpooled.buffer().writeLongLE(0x14L << 32).writeLongLE(6);
    for (int i = 0; i <= depth; i++) {
      frame.writeIntLE(0).writeByte(0).writeLongLE(0).writeLongLE(0).writeIntLE(0);
      frame.writeIntLE(i < depth ? 1 : 0).writeIntLE(i < depth ? 0 : -1);
    }
    byte[] bytes = new byte[frame.readableBytes() - Integer.BYTES];
    frame.readBytes(bytes);
    return sized(bytes);
  }

  @Test
  void treesThatAreTooDeepAreRefused() {
    FrameReader reader = FrameReader.ofCommands();
    assertThat(reader.read(Unpooled.wrappedBuffer(nested(64))))
        .isInstanceOf(Command.CreateObject.class);
    assertRefused(reader, nested(65), "expected metadata at most 64 deep, got deeper");
    assertRefused(reader, nested(200_000), "expected metadata at most 64 deep, got deeper");
  }

  @Test
  void handshakesAreShort() {
    byte[] frame = sized(Arrays.copyOf(GOLDEN.get("Hello"), 8 + (16 << 10) + 1));
    assertRefused(FrameReader.ofHandshakes(), frame, "at most 16384 bytes, got 16385");
  }

  @Test
  void reasonsAreCut() {
    String reason = "x".repeat(1 << 20);
    ByteBuf out = Unpooled.buffer();
    encode(new Command.EndStream(1, 43, reason), out);
    assertThat(out.readableBytes()).isEqualTo(8 + 8 + 4 + 4 + 4096);
    assertThat(FrameReader.ofCommands().read(out))
        .isEqualTo(new Command.EndStream(1, 43, "x".repeat(4093) + "..."));
  }

  @Test
  void messageThatFitsNoFrameIsRefusedAndNothingOfItWritten() {
    ByteBuf out = Unpooled.buffer();
    String name = "x".repeat(FrameHeader.MOST_BODY_BYTES);
    assertThatThrownBy(() -> encode(new Command.DropName(1, name), out))
        .isInstanceOf(VineyardException.class)
        .hasMessage("expected a message of at most 8388608 bytes, got 8388620");
    assertThat(out.readableBytes()).isZero();
  }

  @Test
  void longListsOfNumbersTakeSeveralFrames() {
    long[] blobs = new long[(1 << 16) + 1];
    Arrays.setAll(blobs, i -> i);
    ByteBuf out = Unpooled.buffer();
    encode(new Command.ReleaseBlobs(blobs), out);
    FrameReader reader = FrameReader.ofCommands();
    Command.ReleaseBlobs first = (Command.ReleaseBlobs) reader.read(out);
    Command.ReleaseBlobs second = (Command.ReleaseBlobs) reader.read(out);
    assertThat(first.blobs()).hasSize(1 << 16).startsWith(0, 1);
    assertThat(second.blobs()).containsExactly(1 << 16);
    assertThat(out.readableBytes()).isZero();
  }
}
