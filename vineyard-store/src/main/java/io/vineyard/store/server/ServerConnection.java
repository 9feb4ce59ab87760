package io.vineyard.store.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.AttachedClient;
import io.vineyard.store.core.EventSink;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.message.Texts;
import io.vineyard.store.protocol.binary.FrameReader;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.Preface;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
    VINEYARD,
    CLOSED
  }

  private static final Logger log = LoggerFactory.getLogger(ServerConnection.class);

  private final ServerLoop server;
  private FrameReader frames = FrameReader.ofHandshakes();
  private State state = State.PREFACE;
  private boolean stranger;
  private String name = "a client";
  private @Nullable Channel channel;
  private @Nullable Future<?> handshakeTimer;
  private @Nullable Future<?> stallTimer;
  private @Nullable Outbox outbox;
  private boolean paused;

  // Of a first connection.
  private long client;
  private int version;
  private long tokenHigh;
  private long tokenLow;
  private @Nullable AttachedClient attached;

  // Of a connection in Vineyard's dialect.
  private @Nullable JsonConnection json;

  // Of a second connection.
  private @Nullable ServerConnection owner;

  ServerConnection(ServerLoop server) {
    this.server = server;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    channel = ctx.channel();
    outbox = new Outbox(server, this, ctx.channel());
    stranger = true;
    if (!server.addStranger()) {
      drop(ErrorCode.LIMIT_REACHED, "too many connections that have not said who they are");
      return;
    }
    Duration most = server.config.handshakeTimeout();
    handshakeTimer =
        later(most, () -> drop(ErrorCode.TIMEOUT, "the handshake took longer than " + most));
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    try {
      read(in);
    } catch (VineyardException e) {
      in.skipBytes(in.readableBytes());
      drop(e.code(), String.valueOf(e.getMessage()));
    }
  }

  private void read(ByteBuf in) {
    if (state == State.PREFACE) {
      if (in.readableBytes() < Preface.SIZE_BYTES) {
        return;
      }
      begin(in);
    }
    if (json != null) {
      readJson(in, json);
      return;
    }
    while (state != State.CLOSED) {
      if (state == State.ATTACHED && !isReady()) {
        pause();
        return;
      }
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

  /** Whoever begins with the length of a message speaks Vineyard's dialect. */
  private void begin(ByteBuf in) {
    Channel own = channel;
    if (own == null || in.getLongLE(in.readerIndex()) < 0) {
      Preface.decode(in);
      state = State.HELLO;
    } else {
      checkUser();
      state = State.VINEYARD;
      json = new JsonConnection(server, this, own);
    }
  }

  private void readJson(ByteBuf in, JsonConnection session) {
    session.read(in);
    if (state == State.CLOSED) {
      in.skipBytes(in.readableBytes());
    } else if (session.isBusy() && in.readableBytes() > JsonConnection.MOST_FIRST_BYTES) {
      pause(); // but read a little, as the end of the connection is seen by reading only
    }
  }

  /** A client of Vineyard's dialect has said who it is. */
  void registered(String client) {
    name = client;
    known();
    log.debug("{} is registered", name);
  }

  /** What has come of a client of Vineyard's dialect may be read now. */
  void readLater() {
    server.loop.execute(
        () -> {
          if (json != null && channel != null && state == State.VINEYARD) {
            if (paused) {
              paused = false;
              channel.config().setAutoRead(true);
            }
            channel.pipeline().fireChannelRead(Unpooled.EMPTY_BUFFER);
          }
        });
  }

  /** What a client has not read yet comes before what it wants next. */
  private void pause() {
    paused = true;
    if (channel != null) {
      channel.config().setAutoRead(false);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (ctx.channel().isWritable() || (outbox != null && outbox.isShut())) {
      cancel(stallTimer);
      resumeLater();
    } else if (state == State.ATTACHED || state == State.VINEYARD) {
      String why = "it does not read what has waited for it for " + server.config.stallTimeout();
      stallTimer = later(server.config.stallTimeout(), () -> drop(ErrorCode.LIMIT_REACHED, why));
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
    if (event instanceof ChannelOutputShutdownEvent) {
      cancel(stallTimer);
      resumeLater();
    }
    super.userEventTriggered(ctx, event);
  }

  /** Less waits for the client than before. */
  void resumeLater() {
    server.loop.execute(this::resume);
  }

  private void resume() {
    if (attached != null && isReady()) {
      attached.ready();
    }
    if (paused && channel != null && isReady()) {
      paused = false;
      channel.config().setAutoRead(true);
      channel.pipeline().fireChannelRead(Unpooled.EMPTY_BUFFER);
    }
  }

  private Future<?> later(Duration delay, Runnable task) {
    return server.loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static void cancel(@Nullable Future<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
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
    version = Math.min(hello.highest(), Handshake.HIGHEST_VERSION);
    write(
        new Handshake.Welcome(
            version,
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
        + Texts.line(said.substring(0, Math.min(most, said.length())))
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
    if (outbox != null && second.channel != null) {
      outbox.descriptors(second.channel);
    }
    known();
    try {
      attached = server.core.attach(name, this);
    } catch (VineyardException e) {
      drop(e.code(), String.valueOf(e.getMessage()));
      return;
    }
    state = State.ATTACHED;
    frames = FrameReader.ofCommands();
    write(new Handshake.Ready(version));
    log.debug("{} is attached", name);
  }

  private void known() {
    if (stranger) {
      stranger = false;
      server.removeStranger();
    }
    cancel(handshakeTimer);
  }

  @Override
  public void send(Event event) {
    if (outbox != null) {
      outbox.write(event);
    }
  }

  private void write(Handshake message) {
    if (outbox != null) {
      outbox.write(message);
    }
  }

  @Override
  public boolean isReady() {
    return outbox != null && !outbox.isCongested();
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
      log.warn("Dropped {}: {}", name, Texts.line(why));
    } else {
      log.debug("Detached {}: {}", name, Texts.line(why));
    }
  }

  /** Ends a connection for what it did, unless it has ended. */
  void drop(ErrorCode code, String why) {
    AttachedClient one = attached;
    if (state == State.CLOSED) {
      return;
    }
    if (one != null) {
      one.detach(VineyardException.of(code, why));
    } else {
      logEnd(code, why);
      close(code, why);
    }
  }

  /** The last frame gets the time that it takes a peer to read it, but no more. */
  private void close(ErrorCode code, String why) {
    if (json == null) {
      write(new Handshake.Closed(code.number(), why));
    }
    state = State.CLOSED;
    cancel(stallTimer);
    if (outbox != null) {
      outbox.flush();
    }
    Channel ending = channel;
    if (ending != null) {
      Future<?> timer = later(ServerConfig.MOST_ALONE, ending::close);
      ending.closeFuture().addListener(closed -> timer.cancel(false));
      ending.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
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
    cancel(stallTimer);
    VineyardException reason =
        VineyardException.of(ErrorCode.CONNECTION_ERROR, "the connection ended");
    if (attached != null) {
      attached.detach(reason);
    }
    if (json != null) {
      json.ended();
    }
    server.remove(client);
    if (outbox != null) {
      outbox.close();
      outbox.closeDescriptors();
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
          later(
              ServerConfig.MOST_ALONE,
              () -> first.drop(ErrorCode.CONNECTION_ERROR, "its second connection ended"));
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
