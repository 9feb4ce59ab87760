package io.vineyard.store.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Handover;
import io.vineyard.store.attach.LocalLink;
import io.vineyard.store.memory.MemoryThreads;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.protocol.Shortage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** A server on one event loop of Netty's native epoll transport. */
final class EpollServer implements BoundServer {
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final SocketFile file;
  private final EventLoopGroup group;
  private final ServerLoop server;
  private final ChannelGroup channels;
  private final AtomicBoolean disposed = new AtomicBoolean();
  private final Sinks.Empty<Void> ended;

  private EpollServer(ServerConfig config, EventLoopGroup group, Sinks.Empty<Void> ended) {
    this.ended = ended;
    this.file = new SocketFile(config.socket());
    this.group = group;
    this.server =
        new ServerLoop(config, group.next(), MemoryThreads.executor(), DescriptorSender.DIRECT);
    this.channels = new DefaultChannelGroup(server.loop, true);
  }

  /** Listens; may block for a moment. */
  static BoundServer bind(ServerConfig config) {
    if (!Epoll.isAvailable()) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected Linux for a server on a Unix socket: " + Epoll.unavailabilityCause(),
          Epoll.unavailabilityCause());
    }
    new SocketFile(config.socket()).prepare();
    Sinks.Empty<Void> ended = Sinks.empty();
    EventLoopGroup group = loop(config, ended::tryEmitEmpty);
    EpollServer bound = new EpollServer(config, group, ended);
    try {
      bound.start();
      bound.listen();
      Tracking.taken(bound, bound, "", null);
      return bound;
    } catch (VineyardException e) {
      end(group);
      throw e;
    }
  }

  private static EventLoopGroup loop(ServerConfig config, Runnable ended) {
    try {
      return new MultiThreadIoEventLoopGroup(
          1, new LoopThreads(ended), EpollIoHandler.newFactory());
    } catch (IllegalStateException e) {
      throw notListening(config.socket(), e);
    }
  }

  /** That the group has ended would be told by one more thread, which may be one too many. */
  private static final class LoopThreads extends DefaultThreadFactory {
    private final Runnable ended;

    LoopThreads(Runnable ended) {
      super("vineyard-server", true);
      this.ended = ended;
    }

    @Override
    public Thread newThread(Runnable loop) {
      return super.newThread(
          () -> {
            try {
              loop.run();
            } finally {
              ended.run();
            }
          });
    }
  }

  /** Without its thread, the transport would need another one to say so. */
  private void start() {
    try {
      server.loop.execute(() -> {});
    } catch (OutOfMemoryError e) {
      throw notListening(file.path(), e);
    }
  }

  private static VineyardException notListening(Path path, Throwable cause) {
    Throwable root = cause.getCause() == null ? cause : cause.getCause();
    return VineyardException.of(
        Shortage.codeOf(cause, ErrorCode.IO_ERROR),
        "expected to listen at " + path + ": " + root.getMessage(),
        cause);
  }

  private static void end(EventLoopGroup group) {
    try {
      var unused = group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
    } catch (OutOfMemoryError e) {
      assert Shortage.codeOf(e, ErrorCode.UNKNOWN) == ErrorCode.LIMIT_REACHED : e;
      // Its thread could not be started before either: there is nothing to end.
    }
  }

  private void listen() {
    WriteBufferWaterMark most =
        new WriteBufferWaterMark(
            ServerConfig.MUCH_WAITING_BYTES / 4, ServerConfig.MUCH_WAITING_BYTES);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(EpollServerDomainSocketChannel.class)
            .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, most)
            .childOption(ChannelOption.AUTO_CLOSE, false)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channels.add(channel);
                    channel.pipeline().addLast(new ServerConnection(server));
                  }
                });
    var binding = bootstrap.bind(new DomainSocketAddress(file.path().toFile()));
    if (!binding.awaitUninterruptibly().isSuccess()) {
      throw notListening(file.path(), binding.cause());
    }
    channels.add(binding.channel());
    try {
      file.bound();
    } catch (VineyardException e) {
      file.remove();
      throw e;
    }
  }

  @Override
  public Path socket() {
    return file.path();
  }

  @Override
  public Mono<ObjectStore> connect() {
    return connect(Schedulers.parallel());
  }

  private Mono<ObjectStore> connect(Scheduler signals) {
    String name = "the store at " + file.path();
    return LocalLink.connect(server.core, server.loop, name, () -> {}, signals);
  }

  @Override
  public ObjectStore connectNow() {
    return Objects.requireNonNull(
        Handover.join(connect(Schedulers.immediate()).toFuture()), "store");
  }

  @Override
  public Mono<StoreStatus> status() {
    return Handover.mono(
        Schedulers.parallel(),
        answer -> {
          try {
            server.loop.execute(() -> answer.complete(server.core.status()));
          } catch (RejectedExecutionException e) {
            throw VineyardException.of(ErrorCode.STORE_LOST, "the server has ended", e);
          }
        },
        null);
  }

  @Override
  public void dispose() {
    if (disposed.compareAndSet(false, true)) {
      Tracking.returned(this);
      file.remove();
      server.loop.execute(this::end);
    }
  }

  private void end() {
    server.core.close();
    channels
        .close()
        .addListener(done -> group.shutdownGracefully(0, GRACE.toSeconds(), TimeUnit.SECONDS));
  }

  @Override
  public boolean isDisposed() {
    return disposed.get();
  }

  @Override
  public void disposeNow(Duration timeout) {
    dispose();
    onDispose().block(timeout);
  }

  @Override
  public Mono<Void> onDispose() {
    return ended.asMono().publishOn(Schedulers.parallel());
  }

  @Override
  public String toString() {
    return "server at " + file.path();
  }
}
