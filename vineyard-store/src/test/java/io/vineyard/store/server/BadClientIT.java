package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.process.StoreProcess;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import io.vineyard.store.protocol.binary.SegmentAnnounced;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients of a server in another process that say what they must not: each is dropped with a
 * reason, and two who stream beside them do not notice.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadClientIT {

  private Path folder;
  private Path log;
  private StoreProcess process;
  private Bystanders bystanders;
  private long descriptors;

  @BeforeAll
  void start(@TempDir Path shared) {
    folder = shared;
    log = folder.resolve("server.log");
    process = StoreProcess.startLogging(16 << 20, 1 << 20, log);
    bystanders = new Bystanders(process.socket());
    bystanders.awaitProgress();
    descriptors = process.child().descriptors();
  }

  @AfterAll
  void end() throws IOException {
    try (StoreProcess ending = process) {
      try (Bystanders leaving = bystanders) {
        assertThat(leaving.finish()).isPositive();
        Waits.untilIdle(leaving.store());
      }
      ending.disposeNow();
    }
    assertThat(Files.readAllLines(log)).allMatch(line -> line.startsWith("WARN  Dropped "));
  }

  @BeforeEach
  void bystandersGoOn() {
    bystanders.awaitProgress();
  }

  private void assertNothingIsLeft() {
    ObjectStore store = bystanders.store();
    Waits.until("2 clients", () -> Waits.value(store.status()).clients() == 2);
    Waits.until("1 stream", () -> Waits.value(store.status()).streams() == 1);
    Waits.until(
        () -> descriptors + " descriptors, there are " + process.child().descriptors(),
        () -> process.child().descriptors() == descriptors);
    assertThat(Waits.value(store.status()).objects()).isZero();
  }

  private record Misdeed(String words, Consumer<RawClient> deed) {}

  private static Arguments misdeed(String name, String words, Consumer<RawClient> deed) {
    return Arguments.of(name, new Misdeed(words, deed));
  }

  private static Consumer<RawClient> saying(Command... commands) {
    return client -> client.say(commands);
  }

  private static long stream(RawClient client) {
    client.say(new Command.CreateStream(900, StreamSpec.create()));
    return client.next(Event.Stream.class).info().id().value();
  }

  /** Opens the writer 901 and the reader 902 of a stream of its own. */
  private static void ends(RawClient client) {
    long id = stream(client);
    client.say(new Command.OpenWriter(901, id), new Command.OpenReader(902, id));
    client.await(Event.Stream.class);
    client.await(Event.Stream.class);
  }

  private static long lease(RawClient client) {
    client.say(new Command.LeaseSegment(903, 4096, 4096));
    return client.next(SegmentAnnounced.class).id();
  }

  private static Consumer<RawClient> afterEnds(Command... commands) {
    return client -> {
      ends(client);
      client.say(commands);
    };
  }

  private static Consumer<RawClient> garbage(int... bytes) {
    ByteBuf all = Unpooled.buffer();
    Arrays.stream(bytes).forEach(all::writeByte);
    return client -> client.say(all.duplicate());
  }

  static Stream<Arguments> garbage() {
    return Stream.of(
        misdeed("garbage", "expected a frame", garbage(1, 2, 3, 4, 5, 6, 7, 8, 9)),
        misdeed("text", "expected a frame", garbage('G', 'E', 'T', ' ', '/', 'H', 'T', 'T')),
        misdeed(
            "too long", "at most 8388608 bytes, got 8388609", garbage(1, 0, 128, 0, 30, 0, 0, 0)),
        misdeed("no type", "known here, got 200", garbage(0, 0, 0, 0, 200, 0, 0, 0)),
        misdeed("an event", "known here, got 68", garbage(0, 0, 0, 0, 0x44, 0, 0, 0)),
        misdeed("a handshake", "known here, got 1", garbage(0, 0, 0, 0, 1, 0, 0, 0)),
        misdeed("empty", "a whole frame of type 30", garbage(0, 0, 0, 0, 30, 0, 0, 0)));
  }

  static Stream<Arguments> outOfOrder() {
    return Stream.of(
        misdeed("no writer", "expected an open writer", saying(new Command.CloseWriter(1))),
        misdeed("no reader", "expected an open reader", saying(new Command.CloseReader(1, true))),
        misdeed("nothing to return", "leased to", saying(new Command.ReturnSegment(1))),
        misdeed("nothing to map", "leased to", saying(new Command.SegmentMapped(1 << 20))),
        misdeed(
            "sealed before it is mapped",
            "expected a part of mapped segment",
            client -> client.say(new Command.SealBlob(2, lease(client), 0, 10))),
        misdeed(
            "used before it is mapped",
            "expected a segment that",
            client -> {
              ends(client);
              client.say(new Command.UseSegment(901, lease(client)));
            }),
        misdeed(
            "used after it was closed",
            "expected an open writer",
            afterEnds(new Command.CloseWriter(901), new Command.UseSegment(901, 1))),
        misdeed(
            "closed twice",
            "expected an open reader",
            afterEnds(new Command.CloseReader(902, true), new Command.CloseReader(902, true))),
        misdeed(
            "settled twice",
            "expected an open reader",
            afterEnds(new Command.CloseReader(902, true), new Command.ReaderSettled(902))),
        misdeed("woken by nobody", "expected an open reader", saying(new Command.Wake(1))),
        misdeed("handle in use", "a handle not in use", afterEnds(new Command.OpenWriter(901, 0))),
        misdeed(
            "an end of the wrong kind",
            "expected an open reader",
            afterEnds(new Command.CloseReader(901, true))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"garbage", "outOfOrder"})
  void dropped(String name, Misdeed misdeed) throws IOException {
    try (RawClient client = RawClient.attach(process.socket(), name)) {
      misdeed.deed.accept(client);
      Handshake.Closed closed = client.end();
      assertThat(closed).as("a reason").isNotNull();
      assertThat(ErrorCode.of(closed.code())).isEqualTo(ErrorCode.PROTOCOL_ERROR);
      assertThat(closed.message()).contains(misdeed.words);
    }
    dropLeftovers();
    assertNothingIsLeft();
    assertThat(Files.readAllLines(log))
        .filteredOn(line -> line.contains("\"" + name + "\" (pid "))
        .singleElement()
        .asString()
        .startsWith("WARN  Dropped client ")
        .contains(misdeed.words);
  }

  /** A stream stays when the client goes that created it. */
  private void dropLeftovers() {
    ObjectStore store = bystanders.store();
    List<ObjectId> ids =
        store
            .list(StreamSpec.RECORD_BATCHES, 100)
            .map(meta -> meta.requireId())
            .filter(id -> !id.equals(bystanders.stream()))
            .collectList()
            .block(Waits.PATIENCE);
    ids.forEach(id -> store.delete(id).onErrorComplete().block(Waits.PATIENCE));
  }

  @Test
  void streamsOfOthersAreOutOfReach() {
    long id = bystanders.stream().value();
    try (RawClient client = RawClient.attach(process.socket(), "nosy")) {
      client.say(new Command.OpenWriter(1, id), new Command.OpenReader(2, id));
      for (int i = 0; i < 2; i++) {
        Event.Failed refusal = client.next(Event.Failed.class);
        assertThat(ErrorCode.of(refusal.code())).isEqualTo(ErrorCode.STREAM_OPENED);
        assertThat(refusal.message()).contains("\"bystanders\"");
      }
      for (long segment = 1; segment < 5; segment++) {
        try (RawClient thief = RawClient.attach(process.socket(), "thief")) {
          ends(thief);
          thief.say(new Command.UseSegment(901, segment));
          assertThat(thief.end().message()).contains("expected a segment leased to client");
        }
      }
    }
    dropLeftovers();
    assertNothingIsLeft();
  }

  @Test
  void clientThatEndsInTheMiddleOfAFrameLeavesNothing() {
    ByteBuf frame = RawClient.bytes(new Command.UseSegment(901, 1));
    for (int size = 1; size < frame.readableBytes(); size++) {
      try (RawClient client = RawClient.attach(process.socket(), "interrupted")) {
        client.say(frame.slice(0, size));
      }
    }
    assertNothingIsLeft();
  }

  /** Does not mind what happens to its connection. */
  @Sharable
  private static final class Careless extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  @Test
  void descriptorsThatNobodyAskedForAreDropped() {
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try (Segment segment = Segment.create("unasked", 4096)) {
      Bootstrap bootstrap =
          new Bootstrap()
              .group(group)
              .channel(EpollDomainSocketChannel.class)
              .handler(new Careless());
      for (int i = 0; i < 10; i++) {
        Channel channel =
            bootstrap
                .connect(new DomainSocketAddress(process.socket().toFile()))
                .syncUninterruptibly()
                .channel();
        ByteBuf hello = Unpooled.buffer();
        Preface.encode(hello);
        HandshakeFrames.write(new Handshake.Hello(1, 1, 1, "generous"), hello);
        channel.writeAndFlush(hello).syncUninterruptibly();
        for (int j = 0; j < 100; j++) {
          channel.writeAndFlush(new FileDescriptor(segment.descriptor()));
        }
        // Each comes with a byte of its own, and those are no frames.
        channel.closeFuture().syncUninterruptibly();
      }
    } finally {
      group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
    assertNothingIsLeft();
  }

  @Test
  void serverThatSendsDescriptorsUnaskedIsNotReadFurther() {
    Path socket = folder.resolve("fake.sock");
    int before = Segment.openCount();
    try (Segment segment = Segment.create("unasked", 4096);
        FakeServer fake =
            FakeServer.attaching(
                socket,
                (first, second) -> {
                  for (int i = 0; i < 200; i++) {
                    second.writeAndFlush(new FileDescriptor(segment.descriptor()));
                  }
                })) {
      try (ObjectStore store = VineyardClient.create().socket(socket).connectNow()) {
        Waits.until("64 descriptors", () -> descriptorsOf("unasked") > 64);
        assertThat(descriptorsOf("unasked")).as("descriptors").isLessThanOrEqualTo(1 + 64 + 16);
        assertThat(store).isNotNull();
      }
      Waits.until("1 descriptor", () -> descriptorsOf("unasked") == 1);
      assertThat(fake).isNotNull();
    }
    assertThat(Segment.openCount()).isEqualTo(before);
  }

  /** Returns how many descriptors of this process are of a segment of this name. */
  private static long descriptorsOf(String name) {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(one -> target(one).contains(name)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return ""; // it was closed
    }
  }
}
