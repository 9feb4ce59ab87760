package io.vineyard.store.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.unix.FileDescriptor;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Link;
import io.vineyard.store.attach.LinkQueue;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.Announced;
import io.vineyard.store.protocol.binary.CommandEncoder;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.RingAnnounced;
import io.vineyard.store.protocol.binary.SegmentAnnounced;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The link to a store in another process. Its thread is the event loop of its two connections.
 *
 * <p>Descriptors come on a connection of their own, in the order in which segments and rings are
 * announced on the first one. Whatever comes on the first one after such an announcement waits
 * until the descriptor is here.
 */
final class RemoteLink implements Link, LinkQueue.Taker {
  private static final int MOST_SPARE_DESCRIPTORS = 64;
  private static final int MOST_HELD = 1 << 16;
  private static final Duration MOST_LEAVING = Duration.ofSeconds(5);
  private static final Duration MOST_BEHIND = Duration.ofSeconds(10);

  private final VineyardClient config;
  private final String place;
  private final Channel first;
  private final LinkQueue queue;
  private final Queue<FileDescriptor> descriptors = new ArrayDeque<>();
  private final Queue<Object> held = new ArrayDeque<>();
  private @Nullable Channel second;
  private @Nullable Events events;
  private @Nullable ByteBuf pending;
  private @Nullable CommandEncoder encoder;
  private @Nullable Future<?> behind;
  private boolean over;

  RemoteLink(VineyardClient config, String place, Channel first) {
    this.config = config;
    this.place = place;
    this.first = first;
    this.queue = new LinkQueue(first.eventLoop(), this);
  }

  void second(Channel channel) {
    second = channel;
  }

  @Override
  public void start(Events taker) {
    events = taker;
  }

  @Override
  public void send(Command command) {
    queue.add(command);
  }

  @Override
  public void execute(Runnable task) {
    queue.add(task);
  }

  @Override
  public void take(Command command) {
    if (over) {
      return;
    }
    ByteBuf out = pending;
    if (out == null) {
      out = first.alloc().directBuffer();
      pending = out;
      encoder = new CommandEncoder(out);
    }
    if (encoder != null) {
      encode(command, encoder);
    }
  }

  private void encode(Command command, CommandEncoder out) {
    try {
      command.accept(out);
    } catch (VineyardException e) {
      tooLarge(command, e);
    }
  }

  /** What fits no frame is refused here, as the store would. */
  private void tooLarge(Command command, VineyardException reason) {
    if (command instanceof Command.CreateObject create && events != null) {
      events.failed(
          new Event.Failed(
              create.request(), reason.code().number(), String.valueOf(reason.getMessage())));
    } else {
      lost(reason);
    }
  }

  @Override
  public void flush() {
    ByteBuf out = pending;
    pending = null;
    encoder = null;
    if (out != null) {
      first.writeAndFlush(out, first.voidPromise());
    }
  }

  /** Takes what came on the first connection. */
  void received(Object message) {
    if (held.isEmpty() && !(message instanceof Announced)) {
      handle(message);
    } else if (held.size() >= MOST_HELD) {
      lost(
          VineyardException.of(
              ErrorCode.PROTOCOL_ERROR,
              "expected a descriptor before " + MOST_HELD + " more messages, got none"));
    } else {
      held.add(message);
      release();
    }
  }

  /** Takes a descriptor, which is this link's to close from now on. */
  void received(FileDescriptor descriptor) {
    if (over) {
      close(descriptor);
      return;
    }
    descriptors.add(descriptor);
    release();
    if (descriptors.size() >= MOST_SPARE_DESCRIPTORS) {
      readDescriptors(false); // more stay in the socket until it is known what they are for
    }
  }

  private void readDescriptors(boolean more) {
    if (second != null && second.config().isAutoRead() != more) {
      second.config().setAutoRead(more);
    }
  }

  private void release() {
    while (!held.isEmpty() && !over) {
      if (held.peek() instanceof Announced announced) {
        FileDescriptor descriptor = descriptors.poll();
        if (descriptor == null) {
          await(announced);
          return;
        }
        arrived();
        held.remove();
        announced(announced, descriptor);
        if (descriptors.size() < MOST_SPARE_DESCRIPTORS / 2) {
          readDescriptors(true);
        }
      } else {
        handle(held.remove());
      }
    }
  }

  /** A system that is short of descriptors drops those that it should hand over. */
  private void await(Announced announced) {
    if (behind == null) {
      String why = "expected the descriptor of " + announced + " within " + MOST_BEHIND;
      behind =
          first
              .eventLoop()
              .schedule(
                  () -> lost(VineyardException.of(ErrorCode.LIMIT_REACHED, why + ", got none")),
                  MOST_BEHIND.toNanos(),
                  TimeUnit.NANOSECONDS);
    }
  }

  private void arrived() {
    if (behind != null) {
      behind.cancel(false);
      behind = null;
    }
  }

  private void announced(Announced announced, FileDescriptor descriptor) {
    Segment segment;
    try {
      segment = Segment.ofDescriptor(descriptor.intValue(), announced.capacityBytes());
    } catch (VineyardException e) {
      lost(e);
      return;
    }
    handle(event(announced, segment));
  }

  private static Event event(Announced announced, Segment segment) {
    if (announced instanceof RingAnnounced ring) {
      return new Event.RingShared(ring.handle(), ring.epoch(), segment);
    }
    SegmentAnnounced plain = (SegmentAnnounced) announced;
    return plain.request() == 0
        ? new Event.SegmentShared(plain.id(), segment)
        : new Event.SegmentLeased(plain.request(), plain.id(), segment);
  }

  private void handle(Object message) {
    Events taker = events;
    if (over || taker == null) {
      return;
    }
    try {
      if (message instanceof Event event) {
        event.accept(taker);
      } else if (message instanceof Handshake.Closed closed) {
        lost(VineyardException.of(ErrorCode.of(closed.code()), closed.message()));
      } else {
        throw VineyardException.of(
            ErrorCode.PROTOCOL_ERROR,
            "expected an event, got " + message.getClass().getSimpleName());
      }
    } catch (VineyardException e) {
      lost(e);
    }
  }

  /** The connections have ended, or must. */
  void lost(VineyardException reason) {
    if (!over) {
      end();
      closeConnections();
      if (events != null) {
        events.lost(reason);
      }
    }
  }

  @Override
  public void close() {
    queue.add(this::leave);
  }

  @Override
  public void awaitSent() {
    if (!first.eventLoop().inEventLoop() && !Schedulers.isInNonBlockingThread()) {
      // An end that takes longer is ended by its own timer.
      first.closeFuture().awaitUninterruptibly(MOST_LEAVING.toMillis());
    }
  }

  /** What was sent before, a stream's end for example, is to arrive. */
  private void leave() {
    if (!over) {
      end();
      var timer =
          first
              .eventLoop()
              .schedule(this::closeConnections, MOST_LEAVING.toNanos(), TimeUnit.NANOSECONDS);
      first
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(
              written -> {
                timer.cancel(false);
                closeConnections();
              });
    }
  }

  private void end() {
    over = true;
    arrived();
    flush();
    descriptors.forEach(RemoteLink::close);
    descriptors.clear();
    held.clear();
  }

  private void closeConnections() {
    first.close();
    if (second != null) {
      second.close();
    }
  }

  private static void close(FileDescriptor descriptor) {
    try {
      descriptor.close();
    } catch (IOException e) {
      assert false : "closing " + descriptor + ": " + e;
    }
  }

  @Override
  public Mono<ObjectStore> fork() {
    return config.connect();
  }

  @Override
  public String describe() {
    return place;
  }
}
