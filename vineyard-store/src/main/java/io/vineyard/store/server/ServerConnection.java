package io.vineyard.store.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.EventEncoder;
import io.vineyard.store.protocol.binary.FrameReader;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a client: its first, which carries commands and events, or its second, which
 * carries descriptors.
 */
final class ServerConnection extends ByteToMessageDecoder implements EventSink {
  private enum State {
    PREFACE,
    HELLO,
    WELCOMED,
    ATTACHED,
    DESCRIPTORS,
    CLOSED
  }

  private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

  private final ServerLoop server;
  private final FrameReader frames = FrameReader.ofCommands();
  private State state = State.PREFACE;
  private boolean stranger;
  private String name = "a client";
  private @Nullable Channel channel;
  private @Nullable Future<?> handshakeTimer;
  private @Nullable ByteBuf pending;
  private @Nullable EventEncoder encoder;

  // Of a first connection.
  private long client;
  private long tokenHigh;
  private long tokenLow;
  private @Nullable AttachedClient attached;
  private @Nullable ServerConnection descriptors;

  // Of a second connection.
  private @Nullable ServerConnection owner;

  ServerConnection(ServerLoop server) {
    this.server = server;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    stranger = true;
    if (!server.addStranger()) {
      refuse(ErrorCode.LIMIT_REACHED, "too many connections that have not said who they are");
      return;
    }
    long nanos = server.config.handshakeTimeout().toNanos();
    handshakeTimer =
        ctx.executor()
            .schedule(
                () -> refuse(ErrorCode.TIMEOUT, "the handshake took longer than allowed"),
                nanos,
                TimeUnit.NANOSECONDS);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    try {
      read(in);
    } catch (VineyardException e) {
      in.skipBytes(in.readableBytes());
      refuse(e.code(), String.valueOf(e.getMessage()));
    }
  }

  private void read(ByteBuf in) {
    if (state == State.PREFACE) {
      if (in.readableBytes() < Preface.SIZE_BYTES) {
        return;
      }
      Preface.decode(in);
      state = State.HELLO;
    }
    while (state != State.CLOSED) {
      Object message = frames.read(in);
      if (message == null) {
        return;
      }
      if (message instanceof Command command) {
        take(command);
      } else {
        take((Handshake) message);
      }
    }
    in.skipBytes(in.readableBytes());
  }

  private void take(Command command) {
    if (attached == null || state != State.ATTACHED) {
      throw unexpected(command);
    }
    attached.handle(command);
  }

  private VineyardException unexpected(Object message) {
    return VineyardException.of(
        ErrorCode.PROTOCOL_ERROR,
        "expected a legal message in state "
            + state
            + ", got "
            + message.getClass().getSimpleName());
  }

  private void take(Handshake message) {
    if (state == State.HELLO && message instanceof Handshake.Hello hello) {
      welcome(hello);
    } else if (state == State.HELLO && message instanceof Handshake.Attach attach) {
      becomeSecond(attach);
    } else {
      throw unexpected(message);
    }
  }

  private void welcome(Handshake.Hello hello) {
    if (hello.lowest() > Handshake.HIGHEST_VERSION || hello.highest() < Handshake.LOWEST_VERSION) {
      throw VineyardException.of(
          ErrorCode.VERSION_MISMATCH,
          "expected a client that speaks one of the versions "
              + Handshake.LOWEST_VERSION
              + " to "
              + Handshake.HIGHEST_VERSION
              + ", got one that speaks "
              + hello.lowest()
              + " to "
              + hello.highest());
    }
    checkUser();
    client = server.nextClient();
    tokenHigh = server.random.nextLong();
    tokenLow = server.random.nextLong();
    name = describe(hello);
    server.add(client, this);
    state = State.WELCOMED;
    write(
        new Handshake.Welcome(
            Math.min(hello.highest(), Handshake.HIGHEST_VERSION),
            client,
            tokenHigh,
            tokenLow,
            server.config.limits().capacityBytes(),
            server.config.limits().segmentBytes(),
            ProcessHandle.current().pid()));
  }

  private String describe(Handshake.Hello hello) {
    String said = hello.name();
    int most = server.config.limits().nameBytes();
    return "client "
        + client
        + " \""
        + said.substring(0, Math.min(most, said.length()))
        + "\" (pid "
        + hello.pid()
        + ")";
  }

  /** The socket file is for its owner alone; this covers the moment before it is. */
  private void checkUser() {
    try {
      if (channel instanceof EpollDomainSocketChannel unix) {
        PeerCredentials peer = unix.peerCredentials();
        long own = ownUser();
        if (peer.uid() != own && peer.uid() != 0) {
          throw VineyardException.of(
              ErrorCode.CONNECTION_FAILED,
              "expected a client of user " + own + ", got one of user " + peer.uid());
        }
      }
    } catch (IOException e) {
      throw VineyardException.of(
          ErrorCode.CONNECTION_ERROR, "expected to know the user of a client: " + e, e);
    }
  }

  private static long ownUser() throws IOException {
    Path self = Path.of("/proc/self");
    return ((Number) Files.getAttribute(self, "unix:uid")).longValue();
  }

  private void becomeSecond(Handshake.Attach attach) {
    ServerConnection first = server.find(attach.client());
    if (first == null
        || first.state != State.WELCOMED
        || first.tokenHigh != attach.tokenHigh()
        || first.tokenLow != attach.tokenLow()) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected the token of a client that was welcomed");
    }
    owner = first;
    state = State.DESCRIPTORS;
    name = "descriptors of " + first.name;
    known();
    first.attach(this);
  }

  private void attach(ServerConnection second) {
    descriptors = second;
    known();
    try {
      attached = server.core.attach(name, this);
    } catch (VineyardException e) {
      refuse(e.code(), String.valueOf(e.getMessage()));
      return;
    }
    state = State.ATTACHED;
    write(new Handshake.Ready(Handshake.HIGHEST_VERSION));
    log.debug("{} is attached", name);
  }

  private void known() {
    if (stranger) {
      stranger = false;
      server.removeStranger();
    }
    if (handshakeTimer != null) {
      handshakeTimer.cancel(false);
    }
  }

  private void write(Handshake message) {
    ByteBuf out = buffer();
    if (out != null) {
      HandshakeFrames.write(message, out);
    }
  }

  /** Returns where to write what is flushed later; null once the channel is gone. */
  private @Nullable ByteBuf buffer() {
    if (pending == null && channel != null && channel.isActive()) {
      pending = channel.alloc().directBuffer();
      encoder = new EventEncoder(pending);
      server.flushLater(this);
    }
    return pending;
  }

  void flush() {
    ByteBuf out = pending;
    pending = null;
    encoder = null;
    if (out == null) {
      return;
    }
    if (channel == null) {
      out.release();
      return;
    }
    channel.writeAndFlush(out, channel.voidPromise());
    if (channel.isActive() && !channel.isWritable() && state == State.ATTACHED) {
      end(
          ErrorCode.LIMIT_REACHED,
          "it does not read: more than " + ServerConfig.MOST_WAITING_BYTES + " bytes wait for it");
    }
  }

  @Override
  public void send(Event event) {
    ByteBuf out = buffer();
    EventEncoder writer = encoder;
    if (out == null || writer == null) {
      closeSegment(event);
      return;
    }
    try {
      event.accept(writer);
    } catch (VineyardException e) {
      answerTooLarge(event, e, writer);
    }
    Segment segment = segmentOf(event);
    if (segment != null) {
      sendDescriptor(segment);
    }
  }

  private static @Nullable Segment segmentOf(Event event) {
    if (event instanceof Event.SegmentLeased leased) {
      return leased.segment();
    } else if (event instanceof Event.SegmentShared shared) {
      return shared.segment();
    }
    return event instanceof Event.RingShared ring ? ring.segment() : null;
  }

  /** An answer that fits no frame becomes a failure; nothing else can be that large. */
  private static void answerTooLarge(Event event, VineyardException reason, EventEncoder writer) {
    if (event instanceof Event.Objects objects) {
      new Event.Failed(
              objects.request(), reason.code().number(), String.valueOf(reason.getMessage()))
          .accept(writer);
    } else {
      throw reason;
    }
  }

  private static void closeSegment(Event event) {
    Segment segment = segmentOf(event);
    if (segment != null) {
      segment.close();
    }
  }

  private void sendDescriptor(Segment segment) {
    Channel second = descriptors == null ? null : descriptors.channel;
    if (second == null) {
      segment.close();
      return;
    }
    second
        .writeAndFlush(new FileDescriptor(segment.descriptor()))
        .addListener(written -> segment.close());
  }

  @Override
  public void detached(VineyardException reason) {
    attached = null;
    if (state != State.CLOSED) {
      logEnd(reason.code(), String.valueOf(reason.getMessage()));
      close(reason.code(), String.valueOf(reason.getMessage()));
    }
  }

  private void logEnd(ErrorCode code, String why) {
    if (code == ErrorCode.PROTOCOL_ERROR || code == ErrorCode.LIMIT_REACHED) {
      log.warn("Dropped {}: {}", name, why);
    } else {
      log.debug("Detached {}: {}", name, why);
    }
  }

  /** Ends a connection for what it did. */
  private void refuse(ErrorCode code, String why) {
    if (state != State.CLOSED) {
      end(code, why);
    }
  }

  private void end(ErrorCode code, String why) {
    AttachedClient one = attached;
    if (one != null) {
      one.detach(VineyardException.of(code, why));
    } else {
      logEnd(code, why);
      close(code, why);
    }
  }

  private void close(ErrorCode code, String why) {
    write(new Handshake.Closed(code.number(), why));
    state = State.CLOSED;
    flush();
    if (channel != null) {
      channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) {
    gone();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    super.channelInactive(ctx);
    gone();
  }

  private void gone() {
    state = State.CLOSED;
    known();
    if (pending != null) {
      pending.release();
      pending = null;
      encoder = null;
    }
    VineyardException reason =
        VineyardException.of(ErrorCode.CONNECTION_ERROR, "the connection ended");
    if (attached != null) {
      attached.detach(reason);
    }
    server.remove(client);
    if (descriptors != null && descriptors.channel != null) {
      descriptors.channel.close();
    }
    endOwnerLater();
  }

  /**
   * A client that ends, or dies, closes both of its connections, and what it sent on the first one
   * may still have to be read: the end of that one counts, unless it does not come.
   */
  private void endOwnerLater() {
    ServerConnection first = owner;
    owner = null;
    if (first != null && first.state != State.CLOSED && first.channel != null) {
      var unused =
          server.loop.schedule(
              () -> first.refuse(ErrorCode.CONNECTION_ERROR, "its second connection ended"),
              ServerConfig.MOST_ALONE.toNanos(),
              TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException) {
      // Writing has failed. What the client sent before it went is still read, up to its end.
      log.debug("Lost {}: {}", name, cause.toString());
    } else {
      log.error("Dropped {} for an unexpected error", name, cause);
      ctx.close();
    }
  }
}
