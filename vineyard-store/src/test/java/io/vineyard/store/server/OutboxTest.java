package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vineyard.store.Logged;
import io.vineyard.store.Waits;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.protocol.binary.FrameReader;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import io.vineyard.store.protocol.binary.SegmentAnnounced;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a server has on its way to a client, on connections whose other end is this test. */
class OutboxTest {
  private final Logged logged = new Logged("io.vineyard.store.server");
  private final int segments = Segment.openCount();
  private int sent;
  private boolean room = true;
  private IOException fault;
  private final FrameReader frames = FrameReader.ofEvents();
  private EmbeddedChannel first;
  private EmbeddedChannel second;
  private ServerLoop loop;

  @BeforeEach
  void attach() {
    first = new EmbeddedChannel();
    StoreLimits limits = StoreLimits.of(4 << 20, 4096);
    ServerConfig config =
        new ServerConfig(Path.of("socket"), limits, Waits.PATIENCE, Waits.PATIENCE, Duration.ZERO);
    loop = new ServerLoop(config, first.eventLoop(), Runnable::run, this::send);
    first.pipeline().addLast(new ServerConnection(loop));
    first.pipeline().fireChannelActive();
    say(first, new Handshake.Hello(1, 1, 1, "client"));
    Handshake.Welcome welcome = (Handshake.Welcome) next();
    second = new EmbeddedChannel(new ServerConnection(loop));
    say(second, new Handshake.Attach(welcome.client(), welcome.tokenHigh(), welcome.tokenLow()));
    assertThat(next()).isInstanceOf(Handshake.Ready.class);
  }

  private boolean send(Channel to, int descriptor) throws IOException {
    assertThat(to).isSameAs(second);
    if (fault != null) {
      throw fault;
    }
    sent += room ? 1 : 0;
    return room;
  }

  @AfterEach
  void nothingIsLeft() {
    try (logged) {
      first.close();
      second.close();
      first.runPendingTasks();
      assertThat(loop.core.status().clients()).as("clients").isZero();
      assertThat(loop.core.status().usedBytes()).as("used bytes").isZero();
      assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
    }
  }

  private static void say(EmbeddedChannel channel, Handshake message) {
    ByteBuf bytes = Unpooled.buffer();
    Preface.encode(bytes);
    HandshakeFrames.write(message, bytes);
    channel.writeInbound(bytes);
  }

  private void lease(long request) {
    first.writeInbound(RawClient.bytes(new Command.LeaseSegment(request, 4096, 4096)));
    first.runPendingTasks();
  }

  private Object next() {
    first.runPendingTasks();
    ByteBuf bytes = first.readOutbound();
    try {
      return bytes == null ? null : frames.read(bytes);
    } finally {
      bytes.release();
    }
  }

  private Handshake.Closed end() {
    Object message = next();
    while (message instanceof SegmentAnnounced) {
      message = next();
    }
    return (Handshake.Closed) message;
  }

  @Test
  void clientThatTakesNoDescriptorsIsNotReadFurther() {
    int much = ServerConfig.MUCH_WAITING_DESCRIPTORS;
    room = false;
    for (int i = 1; i <= 2 * much; i++) {
      lease(i);
    }
    assertThat(loop.core.status().segments()).isEqualTo(much + 1);
    room = true;
    first.advanceTimeBy(ServerConfig.ROOM_LOOK.toNanos(), TimeUnit.NANOSECONDS);
    first.runScheduledPendingTasks();
    first.runPendingTasks();
    assertThat(sent).isEqualTo(2 * much);
    assertThat(loop.core.status().segments()).isEqualTo(2 * much);
    assertThat(logged.lines()).isEmpty();
  }

  @Test
  void clientThatADescriptorCannotBeSentToIsDropped() {
    fault = new IOException("too many references");
    lease(1);
    assertThat(next()).isInstanceOf(SegmentAnnounced.class);
    assertThat(loop.core.status().clients()).as("clients while more may be read").isEqualTo(1);
    first.advanceTimeBy(ServerConfig.MOST_ALONE.toNanos(), TimeUnit.NANOSECONDS);
    first.runScheduledPendingTasks();
    assertThat(end().message()).contains("a descriptor could not be sent to it", "too many ref");
  }

  @Test
  void nothingIsSentOnAClosedConnection() {
    second.close();
    lease(1);
    assertThat(next()).isInstanceOf(SegmentAnnounced.class);
    assertThat(sent).isZero();
  }
}
