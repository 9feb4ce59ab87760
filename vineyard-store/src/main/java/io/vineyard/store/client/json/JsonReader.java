package io.vineyard.store.client.json;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.LeasedBlobs;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reading end of a stream of a Vineyard server, on a connection of its own.
 *
 * <p>The server deletes a chunk when the next one is asked for, so each is copied at once. One is
 * asked for ahead of demand, as the server tells the end only to whoever asks for a chunk. When the
 * reader leaves, the server drops the stream.
 */
final class JsonReader implements ChunkReader {
  private static final Logger log = LoggerFactory.getLogger(JsonReader.class);
  private static final int MOST_READY = 4;
  private static final long MOST_READY_BYTES = 16 << 20;

  private final StreamEnds ends;
  private final StreamInfo stream;
  private final RequestConnection connection;
  private final ObjectRequests objects;
  private final LeasedBlobs.Asked opened;
  private final AtomicInteger news = new AtomicInteger();
  private volatile Runnable onAvailable;

  // Guarded by this.
  private final Deque<CopiedChunk> ready = new ArrayDeque<>();
  private long readyBytes;
  private long credit;
  private long position;
  private @Nullable ObjectId current;
  private @Nullable ByteBuffer preamble;
  private @Nullable VineyardException failure;
  private boolean pulling;

  /** Whether the server has said that there is nothing more to ask for. */
  private boolean settled;

  private boolean ended;
  private boolean closed;

  JsonReader(
      StreamEnds ends,
      StreamInfo stream,
      RequestConnection connection,
      Runnable onAvailable,
      LeasedBlobs.Asked opened) {
    this.ends = ends;
    this.stream = stream;
    this.connection = connection;
    this.objects = ends.objectsOn(connection);
    this.onAvailable = onAvailable;
    this.opened = opened;
  }

  /** Begins to ask for chunks. */
  JsonReader started() {
    pull();
    return this;
  }

  @Override
  public StreamInfo stream() {
    return stream;
  }

  @Override
  public void request(long chunks) {
    if (chunks < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a request for at least 1 chunk, got " + chunks);
    }
    synchronized (this) {
      if (closed) {
        return;
      }
      long sum = credit + chunks;
      credit = sum < 0 ? Long.MAX_VALUE : sum;
    }
    pull();
    woken();
  }

  @Override
  public synchronized long demand() {
    return credit;
  }

  @Override
  public @Nullable Chunk poll() {
    CopiedChunk chunk;
    synchronized (this) {
      if (closed || credit == 0 || ready.isEmpty()) {
        return null;
      }
      chunk = ready.remove();
      readyBytes -= chunk.dataBytes();
      credit -= credit == Long.MAX_VALUE ? 0 : 1;
    }
    pull();
    return chunk.watched(ends.place(), this);
  }

  @Override
  public void spin(long mostNanos) {
    int before = news.get();
    synchronized (this) {
      if (credit == 0 || closed || ended || !ready.isEmpty()) {
        return;
      }
    }
    long end = System.nanoTime() + mostNanos;
    while (news.get() == before && System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void putBack(Chunk chunk) {
    CopiedChunk unused = (CopiedChunk) chunk;
    synchronized (this) {
      if (!closed && unused.isOpen()) {
        ready.addFirst(unused);
        readyBytes += unused.dataBytes();
        credit += credit == Long.MAX_VALUE ? 0 : 1;
        return;
      }
    }
    unused.close();
  }

  @Override
  public synchronized @Nullable ByteBuffer preamble() {
    return preamble == null ? null : preamble.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public synchronized boolean isEnded() {
    return ended && (closed || ready.isEmpty());
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  // What comes from the server.

  private void pull() {
    synchronized (this) {
      boolean wanted =
          ready.isEmpty()
              || (credit > ready.size()
                  && ready.size() < MOST_READY
                  && readyBytes < MOST_READY_BYTES);
      if (closed || ended || pulling || !wanted) {
        return;
      }
      pulling = true;
    }
    connection
        .ask(
            new Request.PullChunk(stream.id()),
            RequestConnection.PARKED,
            reply -> ((Reply.Chunk) reply).id())
        .whenComplete(
            (id, error) -> {
              if (error == null) {
                pulled(id);
              } else {
                notPulled(Results.cause(error));
              }
            });
  }

  private void pulled(ObjectId id) {
    boolean leaving;
    synchronized (this) {
      current = id;
      leaving = closed;
    }
    if (leaving) {
      goodbye();
      return;
    }
    objects
        .lease(id)
        .whenComplete(
            (leased, error) -> {
              if (error == null) {
                takeLater(leased);
              } else {
                broken(Results.cause(error));
              }
            });
  }

  private void takeLater(ObjectRequests.Leased leased) {
    if (!ends.later(() -> take(leased), Duration.ZERO)) {
      leased.blobs().forEach(Sharing.BlobLease::release);
      broken(
          VineyardException.of(
              ErrorCode.LIMIT_REACHED,
              "expected a thread to copy a chunk of " + stream.describe() + ", got none"));
    }
  }

  private void take(ObjectRequests.Leased leased) {
    try {
      CopiedChunk.Origin origin =
          new CopiedChunk.Origin(nextPosition(), stream.describe(), opened.takenAt());
      CopiedChunk chunk =
          CopiedChunk.of(
              origin, stream.spec().typeName(), leased.meta(), leased.blobs(), ends.memory());
      leased.blobs().forEach(Sharing.BlobLease::release);
      came(chunk);
    } catch (VineyardException e) {
      leased.blobs().forEach(Sharing.BlobLease::release);
      broken(e);
    } catch (RuntimeException e) {
      leased.blobs().forEach(Sharing.BlobLease::release);
      broken(VineyardException.of(ErrorCode.INVALID, "a chunk can't be read: " + e, e));
    }
  }

  private synchronized long nextPosition() {
    return position++;
  }

  private void came(CopiedChunk chunk) {
    boolean unwanted;
    synchronized (this) {
      pulling = false;
      unwanted = closed;
      if (!unwanted) {
        ready.add(chunk);
        readyBytes += chunk.dataBytes();
        preamble = chunk.preamble() == null ? preamble : chunk.preamble();
      }
    }
    if (unwanted) {
      chunk.close();
      goodbye();
    } else {
      woken();
      pull();
    }
  }

  /** A chunk makes no sense; what comes behind it would come in another order. */
  private void broken(Throwable error) {
    end(known(error));
    boolean leaving;
    synchronized (this) {
      pulling = false;
      leaving = closed;
    }
    if (leaving) {
      goodbye();
    }
  }

  private static VineyardException known(Throwable error) {
    return error instanceof VineyardException known
        ? known
        : VineyardException.of(ErrorCode.UNKNOWN, String.valueOf(error), error);
  }

  private void notPulled(Throwable error) {
    VineyardException reason = known(error);
    boolean leaving;
    synchronized (this) {
      // Nothing more is asked for: the rest of this ends the reader.
      leaving = closed;
      settled = true;
    }
    if (leaving) {
      goodbye();
      return;
    }
    switch (reason.code()) {
      case STREAM_DRAINED -> over(null);
      case STREAM_FAILED -> failed();
      case OBJECT_NOT_EXISTS -> end(dropped());
      default -> end(reason);
    }
  }

  private VineyardException dropped() {
    return VineyardException.of(ErrorCode.STREAM_DROPPED, stream.describe() + " was dropped");
  }

  /** The server says the same of a stream that was dropped. */
  private void failed() {
    ends.meta(stream)
        .whenComplete(
            (meta, error) -> {
              if (error == null && StreamMeta.hasFailed(meta)) {
                over(StreamMeta.failure(stream, meta));
              } else if (error != null) {
                end(dropped());
              } else {
                askAgain(meta);
              }
            });
  }

  private void askAgain(ObjectMeta meta) {
    connection
        .ask(new Request.PullChunk(stream.id()), reply -> true)
        .whenComplete(
            (chunk, error) -> {
              boolean isGone =
                  error != null && known(Results.cause(error)).code() != ErrorCode.STREAM_FAILED;
              if (isGone) {
                end(dropped());
              } else {
                over(StreamMeta.failure(stream, meta));
              }
            });
  }

  /** The end was seen, and everything is here: the stream goes. */
  private void over(@Nullable VineyardException reason) {
    ends.delete(stream.id()).whenComplete((deleted, error) -> end(reason));
  }

  void end(@Nullable VineyardException reason) {
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      failure = reason;
    }
    woken();
  }

  private void woken() {
    news.incrementAndGet();
    try {
      onAvailable.run();
    } catch (RuntimeException e) {
      log.error("A listener of the reader of {} failed", stream.describe(), e);
    }
  }

  @Override
  public void close() {
    List<CopiedChunk> left;
    boolean parked;
    boolean wasOver;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      // Whatever has ended the reader here, the server goes on until it has said otherwise.
      wasOver = ended && settled;
      parked = pulling && !settled;
      left = new ArrayList<>(ready);
      ready.clear();
      readyBytes = 0;
    }
    Tracking.returned(this);
    onAvailable = () -> {};
    news.incrementAndGet();
    left.forEach(CopiedChunk::close);
    CompletableFuture<Boolean> dropped =
        wasOver ? CompletableFuture.completedFuture(true) : ends.drop(stream);
    dropped.whenComplete(
        (done, error) -> {
          if (!parked) {
            goodbye();
          }
        });
  }

  /** Nothing is asked for any more. The server forgets what was asked for last. */
  private void goodbye() {
    ObjectId last;
    synchronized (this) {
      last = ended && failure == null ? null : current;
      current = null;
    }
    if (last != null) {
      ends.delete(last).whenComplete((deleted, error) -> leave());
    } else {
      leave();
    }
  }

  private void leave() {
    ends.close(connection);
    ends.gone(this);
  }
}
