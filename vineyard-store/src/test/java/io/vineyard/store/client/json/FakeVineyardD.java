package io.vineyard.store.client.json;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A server that speaks Vineyard's dialect as it is told to. */
final class FakeVineyardD implements AutoCloseable {
  static final String REGISTERED =
      "{\"type\":\"register_reply\",\"ipc_socket\":\"s\",\"rpc_endpoint\":\"\",\"instance_id\":0,"
          + "\"session_id\":0,\"version\":\"0.24.2\",\"store_match\":true}";

  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

  private final ChannelGroup open = new DefaultChannelGroup(group.next());

  /**
   * Listens.
   *
   * @param answer is given every request as text
   */
  FakeVineyardD(Path socket, BiConsumer<String, Channel> answer) {
    open.add(
        new ServerBootstrap()
            .group(group)
            .channel(EpollServerDomainSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    open.add(channel);
                    channel.pipeline().addLast(new Frames(answer));
                  }
                })
            .bind(new DomainSocketAddress(socket.toFile()))
            .syncUninterruptibly()
            .channel());
  }

  /** Registers every client, and answers everything else as it is told to. */
  static FakeVineyardD registering(Path socket, BiConsumer<String, Channel> answer) {
    return new FakeVineyardD(
        socket,
        (request, channel) -> {
          if (request.contains("\"register_request\"")) {
            say(channel, REGISTERED);
          } else {
            answer.accept(request, channel);
          }
        });
  }

  private static final class Frames extends ByteToMessageDecoder {
    private final BiConsumer<String, Channel> answer;

    Frames(BiConsumer<String, Channel> answer) {
      this.answer = answer;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
      if (in.readableBytes() < Long.BYTES) {
        return;
      }
      long size = in.getLongLE(in.readerIndex());
      if (size < 0 || size > 1 << 20) {
        in.skipBytes(in.readableBytes());
        ctx.close(); // as a Vineyard server does with our preface
      } else if (in.readableBytes() >= Long.BYTES + size) {
        in.skipBytes(Long.BYTES);
        answer.accept(
            in.readCharSequence((int) size, StandardCharsets.UTF_8).toString(), ctx.channel());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }

  static void say(Channel channel, String text) {
    say(channel, text.getBytes(StandardCharsets.UTF_8));
  }

  static void say(Channel channel, byte[] body) {
    say(channel, body.length, body);
  }

  static void say(Channel channel, long length, byte[] body) {
    ByteBuf out = Unpooled.buffer();
    out.writeLongLE(length).writeBytes(body);
    channel.writeAndFlush(out);
  }

  static void send(Channel channel, int descriptor) {
    channel.writeAndFlush(new FileDescriptor(descriptor));
  }

  @Override
  public void close() {
    open.close().syncUninterruptibly(); // the end of a group does not close them all
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
