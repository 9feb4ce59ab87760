package io.vineyard.store.client.json;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.ReferenceCountUtil;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.Shortage;
import io.vineyard.store.protocol.json.JsonDialect;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A connection in Vineyard's dialect: one request, its reply, the descriptors behind it, and then
 * the next. Requests that are made meanwhile wait. Values are made of replies on the thread of the
 * loop, which also completes the results.
 */
final class RequestConnection {
  /** How long a reply takes at most that does not wait for somebody else. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The patience of a request that is answered when somebody else does something. */
  static final Duration PARKED = Duration.ZERO;

  private static final int PIECE_BYTES = 1 << 16;

  /** Longer than any server could mean. */
  private static final long MOST_SKIPPED_BYTES = 4L << 30;

  private enum Stage {
    LENGTH,
    BODY,
    SKIPPED_BODY,
    DESCRIPTORS
  }

  private record Asked<T>(
      Request request, Duration patience, Function<Reply, T> value, CompletableFuture<T> result) {
    void answer(Reply reply) {
      try {
        result.complete(value.apply(reply));
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
    }
  }

  private final EventLoop loop;
  private final String place;
  private final CompletableFuture<VineyardException> ended = new CompletableFuture<>();

  // Used by the thread of the loop.
  private final Connections.ExactReads reads = new Connections.ExactReads();
  private final Queue<Asked<?>> waiting = new ArrayDeque<>();
  private final List<CompletableFuture<Boolean>> idle = new ArrayList<>();
  private final FileTable files = new FileTable();
  private JsonDialect dialect = new JsonDialect(0);
  private @Nullable Channel channel;
  private @Nullable Asked<?> current;
  private @Nullable Future<?> timer;
  private @Nullable ByteBuf collected;
  private @Nullable Reply reply;
  private long missing = JsonDialect.LENGTH_BYTES;
  private long skippedBytes;
  private final List<FileDescriptor> descriptors = new ArrayList<>();
  private Stage stage = Stage.LENGTH;
  private boolean finishing;

  RequestConnection(EventLoop loop, String place) {
    this.loop = loop;
    this.place = place;
  }

  /** Connects; what is asked before that has succeeded waits for it. */
  void open(DomainSocketAddress address) {
    reads.want(JsonDialect.LENGTH_BYTES);
    new Bootstrap()
        .group(loop)
        .channel(EpollDomainSocketChannel.class)
        .option(ChannelOption.RECVBUF_ALLOCATOR, reads)
        .handler(new Receiver())
        .connect(address)
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                Throwable cause = connected.cause();
                end(
                    VineyardException.of(
                        Shortage.codeOf(cause, ErrorCode.CONNECTION_FAILED),
                        place + " does not accept connections (" + cause.getMessage() + ")",
                        cause));
              }
            });
  }

  /** Returns where the server is, in words. */
  String place() {
    return place;
  }

  /** Completes, on the thread of the loop, with why the connection has ended. */
  CompletableFuture<VineyardException> ended() {
    return ended;
  }

  /** Sets the instance that objects are on which are written from now on; on the loop's thread. */
  void setInstance(long instance) {
    dialect = new JsonDialect(instance);
  }

  /** Returns the files of the replies; to be used while a value is made of a reply. */
  FileTable files() {
    return files;
  }

  /** Asks what is answered at once. */
  <T> CompletableFuture<T> ask(Request request, Function<Reply, T> value) {
    return ask(request, PATIENCE, value);
  }

  /** Asks; never blocks. Questions of one thread keep their order. */
  <T> CompletableFuture<T> ask(Request request, Duration patience, Function<Reply, T> value) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Asked<T> asked = new Asked<>(request, patience, value, result);
    if (loop.inEventLoop()) {
      add(asked);
    } else {
      loop.execute(() -> add(asked));
    }
    return result;
  }

  private void add(Asked<?> asked) {
    if (isOver()) {
      asked.result.completeExceptionally(ended.join());
    } else if (finishing) {
      asked.result.completeExceptionally(finished());
    } else {
      waiting.add(asked);
      next();
    }
  }

  private void next() {
    Channel open = channel;
    while (open != null && current == null && !waiting.isEmpty()) {
      Asked<?> asked = waiting.remove();
      ByteBuf out = open.alloc().directBuffer();
      try {
        dialect.write(asked.request, out);
      } catch (RuntimeException e) {
        out.release();
        asked.result.completeExceptionally(e);
        continue;
      }
      current = asked;
      startTimer(asked);
      open.writeAndFlush(out, open.voidPromise());
    }
    if (current == null && waiting.isEmpty()) {
      tellIdle();
      if (finishing) {
        end(finished());
      }
    }
  }

  private void tellIdle() {
    idle.forEach(told -> told.complete(true));
    idle.clear();
  }

  private VineyardException finished() {
    return VineyardException.of(ErrorCode.STORE_LOST, "the client of " + place + " was closed");
  }

  private void startTimer(Asked<?> asked) {
    if (!asked.patience.isZero()) {
      String why = "expected a reply to " + asked.request + " within " + asked.patience;
      timer =
          loop.schedule(
              () -> end(lost(why + ", got none", null)),
              asked.patience.toNanos(),
              TimeUnit.NANOSECONDS);
    }
  }

  private VineyardException lost(String why, @Nullable Throwable cause) {
    return VineyardException.of(ErrorCode.STORE_LOST, "lost " + place + ": " + why, cause);
  }

  boolean isOnItsThread() {
    return loop.inEventLoop();
  }

  /** Completes when all that was asked before is answered, or will never be. */
  CompletableFuture<Boolean> sent() {
    CompletableFuture<Boolean> all = new CompletableFuture<>();
    onLoop(
        () -> {
          idle.add(all);
          next();
        });
    return all;
  }

  /** Ends the connection once everything that was asked is answered. */
  void finish() {
    onLoop(
        () -> {
          finishing = true;
          next();
        });
  }

  /** Ends the connection now; what was asked and not answered fails. */
  void close(VineyardException reason) {
    onLoop(() -> end(reason));
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }

  private void end(VineyardException reason) {
    if (!ended.complete(reason)) {
      return;
    }
    stopTimer();
    if (channel != null) {
      channel.close();
    }
    if (collected != null) {
      collected.release();
      collected = null;
    }
    descriptors.forEach(RequestConnection::close);
    descriptors.clear();
    Asked<?> asked = current;
    current = null;
    if (asked != null) {
      asked.result.completeExceptionally(reason);
    }
    while (!waiting.isEmpty()) {
      waiting.remove().result.completeExceptionally(reason);
    }
    tellIdle();
    files.close();
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private boolean isOver() {
    return ended.isDone();
  }

  private void received(ByteBuf bytes) {
    if (stage == Stage.LENGTH && current == null) {
      throw protocol("no bytes without a request", bytes.readableBytes() + " of them");
    }
    missing -= bytes.readableBytes();
    ByteBuf all = collected;
    if (stage == Stage.SKIPPED_BODY) {
      skipped();
    } else if (all == null) {
      collected = bytes.retain();
    } else {
      all.writeBytes(bytes);
    }
    if (missing == 0) {
      complete();
    }
    wantMore();
  }

  private void skipped() {
    if (missing == 0) {
      stage = Stage.LENGTH;
      missing = JsonDialect.LENGTH_BYTES;
      fail(
          VineyardException.of(
              ErrorCode.LIMIT_REACHED,
              "expected a reply of at most "
                  + JsonDialect.MOST_BYTES
                  + " bytes from "
                  + place
                  + ", got one of "
                  + skippedBytes));
    }
  }

  private void fail(VineyardException reason) {
    answered().result.completeExceptionally(reason);
    next();
  }

  private static VineyardException protocol(String expected, String got) {
    return VineyardException.of(
        ErrorCode.PROTOCOL_ERROR, "expected " + expected + " from the server, got " + got);
  }

  private void wantMore() {
    reads.want((int) Math.max(1, Math.min(missing, PIECE_BYTES)));
  }

  private void complete() {
    ByteBuf all = collected;
    collected = null;
    Asked<?> asked = current;
    if (all == null || asked == null) {
      return;
    }
    try {
      if (stage == Stage.LENGTH) {
        beginBody(asked, all.readLongLE());
      } else {
        completeBody(asked, all);
      }
    } finally {
      all.release();
    }
  }

  private void beginBody(Asked<?> asked, long length) {
    long most =
        FileTable.mayBringFiles(asked.request) ? JsonDialect.MOST_BYTES : MOST_SKIPPED_BYTES;
    if (length < 1 || length > most) {
      throw protocol("a reply of 1 to " + most + " bytes", Long.toUnsignedString(length));
    }
    missing = length;
    if (length > JsonDialect.MOST_BYTES) {
      stage = Stage.SKIPPED_BODY;
      skippedBytes = length;
      return;
    }
    stage = Stage.BODY;
    Channel open = channel;
    if (open != null && length > PIECE_BYTES) {
      collected = open.alloc().buffer(PIECE_BYTES, (int) length);
    } else if (open != null) {
      collected = open.alloc().buffer((int) length);
    }
  }

  private void completeBody(Asked<?> asked, ByteBuf body) {
    stage = Stage.LENGTH;
    missing = JsonDialect.LENGTH_BYTES;
    Reply read;
    try {
      read = dialect.readReply(asked.request, body);
    } catch (VineyardException e) {
      if (e.code() == ErrorCode.PROTOCOL_ERROR) {
        throw e;
      }
      fail(e);
      return;
    }
    List<Integer> announced = FileTable.announced(read);
    if (announced.isEmpty()) {
      answer(read);
    } else {
      files.check(announced, FileTable.blobs(read));
      reply = read;
      stage = Stage.DESCRIPTORS;
      readDescriptors(true);
    }
  }

  private void readDescriptors(boolean on) {
    Channel open = channel;
    if (open != null) {
      ((EpollDomainSocketChannel) open)
          .config()
          .setReadMode(on ? DomainSocketReadMode.FILE_DESCRIPTORS : DomainSocketReadMode.BYTES);
    }
  }

  private void received(FileDescriptor descriptor) {
    Reply announcing = reply;
    if (isOver() || announcing == null) {
      close(descriptor);
      return;
    }
    descriptors.add(descriptor);
    List<Integer> announced = FileTable.announced(announcing);
    if (descriptors.size() < announced.size()) {
      return;
    }
    reply = null;
    stage = Stage.LENGTH;
    readDescriptors(false);
    long[] capacities = files.check(announced, FileTable.blobs(announcing));
    for (int i = 0; i < capacities.length; i++) {
      // The table takes each over, also one that it refuses.
      files.add(announced.get(i), descriptors.remove(0).intValue(), capacities[i]);
    }
    answer(announcing);
  }

  private void answer(Reply found) {
    answered().answer(found);
    next();
  }

  private Asked<?> answered() {
    Asked<?> asked = current;
    current = null;
    stopTimer();
    if (asked == null) {
      throw protocol("no reply without a request", "one");
    }
    return asked;
  }

  private static void close(FileDescriptor descriptor) {
    try {
      descriptor.close();
    } catch (IOException e) {
      assert false : "closing " + descriptor + ": " + e;
    }
  }

  /** Takes what comes. */
  private final class Receiver extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      channel = ctx.channel();
      if (isOver()) {
        ctx.close();
      } else {
        next();
      }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      try {
        if (message instanceof FileDescriptor descriptor) {
          received(descriptor);
        } else if (message instanceof ByteBuf bytes && !isOver()) {
          received(bytes);
        }
      } catch (VineyardException e) {
        end(lost(String.valueOf(e.getMessage()), e));
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      end(lost("the connection ended", null));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      end(lost(String.valueOf(cause.getMessage()), cause));
    }
  }
}
