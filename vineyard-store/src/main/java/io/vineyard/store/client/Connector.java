package io.vineyard.store.client;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.AttachedStore;
import io.vineyard.store.attach.Handover;
import io.vineyard.store.client.json.JsonStore;
import io.vineyard.store.client.json.Registration;
import io.vineyard.store.protocol.Shortage;
import io.vineyard.store.protocol.binary.FrameReader;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Attaches a client: makes its two connections, one after the other, and then its link.
 *
 * <p>A Vineyard server ends a connection that begins with our preface, without a word. The client
 * then registers as Vineyard's clients do; to register first would cost every client of our own
 * servers a connection and a round trip. It says there that it speaks our dialect too, so that a
 * server of ours that has just ended the first attempt is not taken for one of Vineyard's.
 */
final class Connector {
  private static final String ENDED =
      "it ended the connection in the handshake, so it is no store or it is stopping";

  private final VineyardClient config;
  private final String place;
  private final DomainSocketAddress address;
  private final Handover<ObjectStore> result;
  private final EventLoop loop;
  private @Nullable Future<?> timer;
  private boolean done;
  private @Nullable Registration registration;
  private @Nullable Channel first;
  private @Nullable RemoteLink link;
  private Handshake.@Nullable Welcome welcome;

  private Connector(
      VineyardClient config, DomainSocketAddress address, Handover<ObjectStore> result) {
    this.config = config;
    this.address = address;
    this.loop = ClientLoop.get();
    this.place = "the store at " + address.path();
    this.result = result;
  }

  /**
   * Begins to connect.
   *
   * @throws RuntimeException or OutOfMemoryError if this process has run short of something
   */
  static void start(
      VineyardClient config, DomainSocketAddress address, Handover<ObjectStore> result) {
    Connector connector = new Connector(config, address, result);
    connector.startTimer();
    connector.loop.execute(connector::connectFirst);
    result.onCancel(() -> connector.loop.execute(connector::giveUp));
  }

  private void startTimer() {
    timer =
        loop.schedule(
            () -> fail(ErrorCode.TIMEOUT, "no answer within " + config.connectTimeout(), null),
            config.connectTimeout().toNanos(),
            TimeUnit.NANOSECONDS);
  }

  private void register() {
    Registration.Place where = new Registration.Place(loop, address, place);
    Registration begun = Registration.begin(where, Handshake.HIGHEST_VERSION);
    registration = begun;
    begun
        .answer()
        .whenComplete(
            (registered, error) -> {
              if (done) {
                begun.close();
              } else if (error != null) {
                notRegistered(error);
              } else if (registered.binaryVersion() > 0) {
                fail(ErrorCode.CONNECTION_FAILED, ENDED, null);
              } else {
                done();
                result.complete(JsonStore.attach(where, begun, registered, config::connect));
              }
            });
  }

  private void notRegistered(Throwable error) {
    if (error instanceof VineyardException refusal && refusal.code() != ErrorCode.STORE_LOST) {
      fail(refusal.code(), String.valueOf(refusal.getMessage()), null);
    } else {
      fail(ErrorCode.CONNECTION_FAILED, ENDED, null);
    }
  }

  private void connectFirst() {
    new Bootstrap()
        .group(loop)
        .channel(EpollDomainSocketChannel.class)
        .option(
            ChannelOption.AUTO_CLOSE, false) // a server's last word is read after a failed write
        .handler(new FirstConnection())
        .connect(address)
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                notConnected("it does not accept connections", connected.cause());
              }
            });
  }

  private void notConnected(String why, Throwable cause) {
    fail(Shortage.codeOf(cause, ErrorCode.CONNECTION_FAILED), why, cause);
  }

  private void done() {
    done = true;
    Future<?> waiting = timer;
    if (waiting != null) {
      waiting.cancel(false);
    }
  }

  private void giveUp() {
    if (!done) {
      fail(ErrorCode.CONNECTION_FAILED, "the attempt was cancelled", null);
    }
  }

  private void fail(ErrorCode code, String why, @Nullable Throwable cause) {
    if (!done) {
      done();
      if (first != null) {
        first.close();
      }
      if (link != null) {
        link.close();
      }
      VineyardException failure =
          VineyardException.of(
              code,
              "expected to attach to "
                  + place
                  + ": "
                  + why
                  + (cause == null ? "" : " (" + cause.getMessage() + ")"),
              cause);
      if (registration != null) {
        registration.abort(failure);
      }
      result.fail(failure);
    }
  }

  private static void write(Channel channel, Handshake message) {
    ByteBuf out = channel.alloc().directBuffer();
    Preface.encode(out);
    HandshakeFrames.write(message, out);
    channel.writeAndFlush(out, channel.voidPromise());
  }

  private void received(Channel channel, Object message) {
    RemoteLink attached = link;
    if (done && attached != null) {
      attached.received(message);
    } else if (message instanceof Handshake.Welcome reply && welcome == null) {
      welcomed(channel, reply);
    } else if (message instanceof Handshake.Ready && attached != null && welcome != null) {
      done();
      result.complete(AttachedStore.attach(attached, welcome.segmentBytes()));
    } else if (message instanceof Handshake.Closed closed) {
      fail(ErrorCode.of(closed.code()), closed.message(), null);
    } else {
      fail(
          ErrorCode.PROTOCOL_ERROR,
          "expected the answer to a handshake, got " + message.getClass().getSimpleName(),
          null);
    }
  }

  private void welcomed(Channel channel, Handshake.Welcome reply) {
    if (reply.version() < Handshake.LOWEST_VERSION || reply.version() > Handshake.HIGHEST_VERSION) {
      fail(
          ErrorCode.VERSION_MISMATCH,
          "expected a store that speaks one of the versions "
              + Handshake.LOWEST_VERSION
              + " to "
              + Handshake.HIGHEST_VERSION
              + ", got one that speaks "
              + reply.version(),
          null);
    } else {
      welcome = reply;
      connectSecond(channel, reply);
    }
  }

  private void connectSecond(Channel channel, Handshake.Welcome reply) {
    RemoteLink attached = new RemoteLink(config, place, channel);
    link = attached;
    new Bootstrap()
        .group(loop)
        .channel(EpollDomainSocketChannel.class)
        .option(EpollChannelOption.DOMAIN_SOCKET_READ_MODE, DomainSocketReadMode.FILE_DESCRIPTORS)
        .handler(new SecondConnection(attached, reply))
        .connect(address)
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                notConnected("the second connection was refused", connected.cause());
              }
            });
  }

  private void ended(@Nullable Throwable cause) {
    String why = cause == null ? "the connection ended" : String.valueOf(cause.getMessage());
    RemoteLink attached = link;
    if (done && attached != null) {
      attached.lost(VineyardException.of(ErrorCode.STORE_LOST, "lost " + place + ": " + why));
    } else if (!done && welcome == null) {
      if (registration == null) { // else it has ended, as it was reset
        register();
      }
    } else {
      fail(ErrorCode.CONNECTION_FAILED, ENDED, cause);
    }
  }

  /** Carries commands and events. */
  private final class FirstConnection extends ByteToMessageDecoder {
    private final FrameReader frames = FrameReader.ofEvents();

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      first = ctx.channel();
      if (done) {
        ctx.close();
        return;
      }
      write(
          ctx.channel(),
          new Handshake.Hello(
              Handshake.LOWEST_VERSION,
              Handshake.HIGHEST_VERSION,
              ProcessHandle.current().pid(),
              config.name()));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      try {
        Object message = frames.read(in);
        while (message != null) {
          received(ctx.channel(), message);
          message = frames.read(in);
        }
      } catch (VineyardException e) {
        in.skipBytes(in.readableBytes());
        broken(e);
      }
    }

    private void broken(VineyardException reason) {
      RemoteLink attached = link;
      if (done && attached != null) {
        attached.lost(reason);
      } else {
        fail(ErrorCode.PROTOCOL_ERROR, "it is no store, or one of another version", reason);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
      super.channelInactive(ctx);
      ended(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!(cause instanceof IOException)) { // else the end of the connection follows
        ended(cause);
        ctx.close();
      }
    }
  }

  /** Carries descriptors. */
  private final class SecondConnection extends ChannelInboundHandlerAdapter {
    private final RemoteLink attached;
    private final Handshake.Welcome reply;

    SecondConnection(RemoteLink attached, Handshake.Welcome reply) {
      this.attached = attached;
      this.reply = reply;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      attached.second(ctx.channel());
      write(
          ctx.channel(), new Handshake.Attach(reply.client(), reply.tokenHigh(), reply.tokenLow()));
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws IOException {
      if (message instanceof FileDescriptor descriptor) {
        attached.received(descriptor);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      ended(null);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ended(cause);
      ctx.close();
    }
  }
}
