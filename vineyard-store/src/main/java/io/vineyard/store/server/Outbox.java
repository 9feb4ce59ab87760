package io.vineyard.store.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.EventEncoder;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What is on its way to one client: frames on its first connection, descriptors on its second.
 *
 * <p>Frames are collected and flushed together. What waits is bounded: nobody is woken and no
 * commands are read while more than {@link ServerConfig#MUCH_WAITING_BYTES} wait, and the client is
 * dropped if that does not change, or if there is far too much.
 */
final class Outbox {
  private static final long NEVER = Long.MIN_VALUE;

  private final ServerLoop server;
  private final ServerConnection connection;
  private final Channel channel;
  private @Nullable Channel descriptors;
  private @Nullable ByteBuf pending;
  private @Nullable EventEncoder encoder;
  private final Queue<Segment> waiting = new ArrayDeque<>();
  private boolean watching;
  private boolean crowded;
  private long fullSinceNanos = NEVER;
  private boolean overflown;

  Outbox(ServerLoop server, ServerConnection connection, Channel channel) {
    this.server = server;
    this.connection = connection;
    this.channel = channel;
  }

  /** Sets where descriptors go. */
  void descriptors(Channel second) {
    descriptors = second;
  }

  void closeDescriptors() {
    if (descriptors != null) {
      descriptors.close();
    }
  }

  /** Returns whether so much waits that nothing should be added to it without need. */
  boolean isCongested() {
    return !isShut() && (crowded || !channel.isWritable());
  }

  /**
   * Returns whether nothing can be written any more. Then nothing waits either, and what the client
   * said before it went is still to be read.
   */
  boolean isShut() {
    return channel.unsafe().outboundBuffer() == null;
  }

  void write(Handshake message) {
    ByteBuf out = buffer();
    if (out != null) {
      HandshakeFrames.write(message, out);
    }
  }

  /** Writes an event, and passes on or closes the segment in it. */
  void write(Event event) {
    ByteBuf out = overflown ? null : buffer();
    EventEncoder writer = encoder;
    Segment segment = segmentOf(event);
    if (out == null || writer == null) {
      if (segment != null) {
        segment.close();
      }
      return;
    }
    try {
      event.accept(writer);
    } catch (VineyardException e) {
      answerTooLarge(event, e, writer);
    }
    if (segment != null) {
      sendDescriptor(segment);
    }
    if (out.readableBytes() >= ServerConfig.MUCH_WAITING_BYTES / 2) {
      flush();
    }
  }

  private static @Nullable Segment segmentOf(Event event) {
    if (event instanceof Event.SegmentLeased leased) {
      return leased.segment();
    }
    if (event instanceof Event.SegmentShared shared) {
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

  /** Returns where to write what is flushed later; null once the channel is gone. */
  private @Nullable ByteBuf buffer() {
    if (pending == null && channel.isActive()) {
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
    if (out != null) {
      channel.writeAndFlush(out, channel.voidPromise());
      long waiting = waitingBytes();
      if (waiting > ServerConfig.MOST_WAITING_BYTES) {
        overflow("it does not read: " + waiting + " bytes wait for it");
      }
    }
  }

  private long waitingBytes() {
    ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes();
  }

  /** The tables may be in the middle of something: the client is dropped when they are not. */
  private void overflow(String why) {
    if (!overflown) {
      overflown = true;
      server.loop.execute(() -> connection.drop(ErrorCode.LIMIT_REACHED, why));
    }
  }

  private void sendDescriptor(Segment segment) {
    if (descriptors == null || overflown) {
      segment.close();
      return;
    }
    waiting.add(segment);
    crowded |= waiting.size() > ServerConfig.MUCH_WAITING_DESCRIPTORS;
    if (waiting.size() > ServerConfig.MOST_WAITING_DESCRIPTORS) {
      overflow("it does not read: " + waiting.size() + " descriptors wait for it");
    }
    sendDescriptors();
  }

  private void sendDescriptors() {
    Channel second = descriptors;
    try {
      while (second != null && !watching && !waiting.isEmpty()) {
        if (server.send(second, waiting.element().descriptor())) {
          waiting.remove().close();
          fullSinceNanos = NEVER;
        } else {
          waitForRoom();
        }
      }
    } catch (IOException e) {
      notSent(e);
    }
    if (crowded && waiting.size() < ServerConfig.MUCH_WAITING_DESCRIPTORS / 2) {
      crowded = false;
      connection.resumeLater();
    }
  }

  /** The socket is full; the transport watches it for bytes only. */
  private void waitForRoom() {
    long now = System.nanoTime();
    if (fullSinceNanos == NEVER) {
      fullSinceNanos = now;
    }
    watching = true;
    if (now - fullSinceNanos > server.config.stallTimeout().toNanos()) {
      overflow("it does not read: there is no room for one more descriptor");
      return;
    }
    var unused =
        server.loop.schedule(
            () -> {
              watching = false;
              sendDescriptors();
            },
            ServerConfig.ROOM_LOOK.toNanos(),
            TimeUnit.NANOSECONDS);
  }

  /** Without it the client cannot go on. What it sent before it went, if it did, is read. */
  private void notSent(IOException cause) {
    closeWaiting();
    var unused =
        server.loop.schedule(
            () ->
                connection.drop(
                    ErrorCode.CONNECTION_ERROR, "a descriptor could not be sent to it: " + cause),
            ServerConfig.MOST_ALONE.toNanos(),
            TimeUnit.NANOSECONDS);
  }

  private void closeWaiting() {
    waiting.forEach(Segment::close);
    waiting.clear();
  }

  /** The channel is gone. */
  void close() {
    if (pending != null) {
      pending.release();
      pending = null;
      encoder = null;
    }
    closeWaiting();
  }
}
