package io.vineyard.store.server;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.protocol.json.JsonDialect;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import io.vineyard.store.server.json.Peer;
import io.vineyard.store.server.json.Session;
import io.vineyard.store.server.json.VineyardHost;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection that speaks Vineyard's dialect: takes one request after the other from the bytes
 * that have come, and sends replies, each with its descriptors right behind it.
 */
final class JsonConnection implements Peer {
  /** The most bytes of a first message, of somebody of whom nothing is known. */
  static final int MOST_FIRST_BYTES = 1 << 16;

  private static final JsonDialect DIALECT = new JsonDialect(VineyardHost.INSTANCE);

  private final ServerLoop server;
  private final ServerConnection connection;
  private final Channel channel;
  private final Session session;
  private final Queue<Segment> descriptors = new ArrayDeque<>();
  private boolean registered;
  private boolean reading;
  private boolean sending;
  private boolean over;
  private long fullSinceNanos;

  // Of the message that has begun to come.
  private long partialBytes;
  private @Nullable Future<?> partialTimer;

  JsonConnection(ServerLoop server, ServerConnection connection, Channel channel) {
    this.server = server;
    this.connection = connection;
    this.channel = channel;
    this.session = server.vineyard.connect(this);
  }

  /** Returns whether the next request has to wait. */
  boolean isBusy() {
    return sending || session.isWaiting();
  }

  /**
   * Takes the requests that have come, as long as none has to wait.
   *
   * @throws VineyardException if the next one is too long, which ends the connection
   */
  void read(ByteBuf in) {
    reading = true;
    try {
      readAll(in);
    } finally {
      reading = false;
    }
  }

  private void readAll(ByteBuf in) {
    while (!over && !isBusy() && in.isReadable()) {
      if (in.readableBytes() < JsonDialect.LENGTH_BYTES) {
        awaitRest(0);
        return;
      }
      long length = in.getLongLE(in.readerIndex());
      int most = registered ? JsonDialect.MOST_BYTES : MOST_FIRST_BYTES;
      if (length < 0 || length > most) {
        throw VineyardException.of(
            ErrorCode.PROTOCOL_ERROR,
            "expected a message of at most "
                + most
                + " bytes, got a length of "
                + Long.toUnsignedString(length));
      }
      if (in.readableBytes() - JsonDialect.LENGTH_BYTES < length) {
        awaitRest(length);
        return;
      }
      endPartial();
      in.skipBytes(JsonDialect.LENGTH_BYTES);
      take(in.readSlice((int) length));
    }
  }

  /** What has begun to come takes memory, and so must come soon. */
  private void awaitRest(long length) {
    if (partialTimer == null) {
      Duration most = server.config.stallTimeout();
      String why = "expected the rest of a message within " + most + ", got less";
      partialTimer =
          server.loop.schedule(
              () -> connection.drop(ErrorCode.TIMEOUT, why), most.toNanos(), TimeUnit.NANOSECONDS);
    }
    if (partialBytes == 0 && length > MOST_FIRST_BYTES) {
      server.partial.begin(length);
      partialBytes = length;
    }
  }

  private void endPartial() {
    server.partial.end(partialBytes);
    partialBytes = 0;
    if (partialTimer != null) {
      partialTimer.cancel(false);
      partialTimer = null;
    }
  }

  private void take(ByteBuf body) {
    Request request;
    try {
      request = DIALECT.readRequest(body);
    } catch (VineyardException e) {
      session.refuse(e);
      return;
    }
    session.handle(request);
  }

  @Override
  public void registered(String name) {
    registered = true;
    connection.registered(name);
  }

  @Override
  public void reply(Reply reply, List<Segment> files) {
    descriptors.addAll(files);
    ByteBuf out = channel.alloc().directBuffer();
    try {
      DIALECT.write(reply, out);
    } catch (RuntimeException | OutOfMemoryError e) {
      out.release();
      throw e;
    }
    sending = true;
    channel
        .writeAndFlush(out)
        .addListener(
            sent -> {
              if (sent.isSuccess()) {
                sendDescriptors();
              } else {
                connection.drop(ErrorCode.CONNECTION_ERROR, "a reply could not be sent to it");
              }
            });
  }

  private void sendDescriptors() {
    try {
      while (!over && !descriptors.isEmpty()) {
        if (!server.send(channel, descriptors.element().descriptor())) {
          waitForRoom();
          return;
        }
        fullSinceNanos = 0;
        descriptors.remove().close();
      }
    } catch (IOException e) {
      connection.drop(ErrorCode.CONNECTION_ERROR, "a descriptor could not be sent to it: " + e);
      return;
    }
    sending = false;
    if (!reading) {
      connection.readLater();
    }
  }

  private void waitForRoom() {
    long now = System.nanoTime();
    fullSinceNanos = fullSinceNanos == 0 ? now : fullSinceNanos;
    if (now - fullSinceNanos > server.config.stallTimeout().toNanos()) {
      connection.drop(
          ErrorCode.LIMIT_REACHED, "it does not read: there is no room for a descriptor");
      return;
    }
    var unused =
        server.loop.schedule(
            this::sendDescriptors, ServerConfig.ROOM_LOOK.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public void end() {
    connection.drop(ErrorCode.ALREADY_STOPPED, "it has left, or the store was closed");
  }

  /** The connection has ended. */
  void ended() {
    if (!over) {
      over = true;
      endPartial();
      descriptors.forEach(Segment::close);
      descriptors.clear();
      session.closed();
    }
  }
}
