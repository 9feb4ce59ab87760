package io.vineyard.store.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A server that answers the first bytes of each connection with whatever it is told to. */
final class FakeServer implements AutoCloseable {
  private static final Handshake.Welcome WELCOME =
      new Handshake.Welcome(1, 1, 0, 0, 1 << 20, 1 << 20, 1);

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

  private FakeServer(Path socket, BiConsumer<Integer, Channel> answer) {
    AtomicInteger connections = new AtomicInteger();
    new ServerBootstrap()
        .group(group)
        .channel(EpollServerDomainSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                int number = connections.getAndIncrement();
                channel.pipeline().addLast(new Answer(other -> answer.accept(number, other)));
              }
            })
        .bind(new DomainSocketAddress(socket.toFile()))
        .syncUninterruptibly();
  }

  private static final class Answer extends SimpleChannelInboundHandler<ByteBuf> {
    private final Consumer<Channel> answer;

    Answer(Consumer<Channel> answer) {
      this.answer = answer;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) {
      answer.accept(ctx.channel());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  /** Answers every connection with a frame. */
  static FakeServer answering(Path socket, Handshake message) {
    return new FakeServer(socket, (number, channel) -> write(channel, message));
  }

  /** Does something to every connection once it has said something. */
  static FakeServer doing(Path socket, Consumer<Channel> answer) {
    return new FakeServer(socket, (number, channel) -> answer.accept(channel));
  }

  /** Attaches one client, and then does something to its first and its second connection. */
  static FakeServer attaching(Path socket, BiConsumer<Channel, Channel> attached) {
    Channel[] first = new Channel[1];
    return new FakeServer(
        socket,
        (number, channel) -> {
          if (number == 0) {
            first[0] = channel;
            write(channel, WELCOME);
          } else {
            write(first[0], new Handshake.Ready(1));
            attached.accept(first[0], channel);
          }
        });
  }

  static void write(Channel channel, Handshake message) {
    ByteBuf out = Unpooled.buffer();
    HandshakeFrames.write(message, out);
    channel.writeAndFlush(out);
  }

  @Override
  public void close() {
    CountDownLatch over = new CountDownLatch(1);
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).addListener(done -> over.countDown());
    try {
      if (!over.await(10, TimeUnit.SECONDS)) {
        throw new AssertionError("expected the fake server to end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
