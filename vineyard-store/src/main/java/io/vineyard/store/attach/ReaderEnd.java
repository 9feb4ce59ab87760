package io.vineyard.store.attach;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The reading end of a stream. Requests and releases are collected, and go to the store together
 * the next time that the link's thread comes by.
 */
final class ReaderEnd implements ChunkReader {
  private static final int FIRST_RELEASES = 16;

  private final AttachedStore store;
  private final long handle;
  private final StreamInfo stream;
  private final String openedAt;
  private final AtomicBoolean flushing = new AtomicBoolean();
  private final Runnable flush = this::flush;

  /** Is let go of at the close, as a lease that lasts longer must not keep the subscriber. */
  private volatile Runnable onAvailable;

  // Guarded by this.
  private final ArrayDeque<LeasedChunk> arrived = new ArrayDeque<>();
  private long[] releases = new long[FIRST_RELEASES];
  private int releaseCount;
  private long credit;
  private long seen;
  private @Nullable ByteBuffer preamble;
  private @Nullable VineyardException failure;
  private boolean ended;
  private boolean closed;

  ReaderEnd(
      AttachedStore store, long handle, StreamInfo stream, String openedAt, Runnable onAvailable) {
    this.store = store;
    this.handle = handle;
    this.stream = stream;
    this.openedAt = openedAt;
    this.onAvailable = onAvailable;
  }

  long handle() {
    return handle;
  }

  String openedAt() {
    return openedAt;
  }

  String describe() {
    return stream.describe();
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
    flushSoon();
  }

  @Override
  public @Nullable LeasedChunk poll() {
    LeasedChunk chunk;
    synchronized (this) {
      chunk = arrived.peek();
      if (chunk == null || !chunk.isSettled()) {
        return null;
      }
      arrived.remove();
      seen++;
    }
    chunk.watch();
    return chunk;
  }

  @Override
  public void putBack(Chunk chunk) {
    LeasedChunk unused = (LeasedChunk) chunk;
    synchronized (this) {
      seen--;
      if (!closed) {
        arrived.addFirst(unused);
        return;
      }
      // It counted as seen when this reader was closed.
      store.link().send(new Command.CloseReader(handle, seen));
    }
    unused.lease().unmap();
  }

  @Override
  public synchronized @Nullable ByteBuffer preamble() {
    return preamble == null ? null : preamble.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public synchronized boolean isEnded() {
    return ended && arrived.isEmpty();
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  @Override
  public void close() {
    LeasedChunk[] unseen;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      onAvailable = () -> {};
      unseen = arrived.toArray(new LeasedChunk[0]);
      arrived.clear();
      sendReleases();
      store.link().send(new Command.CloseReader(handle, seen));
    }
    for (LeasedChunk chunk : unseen) {
      chunk.lease().unmap();
    }
    store.closed(this);
  }

  void release(long position) {
    synchronized (this) {
      if (releaseCount == releases.length) {
        releases = Arrays.copyOf(releases, releaseCount * 2);
      }
      releases[releaseCount++] = position;
    }
    flushSoon();
  }

  private void flushSoon() {
    if (flushing.compareAndSet(false, true)) {
      store.link().execute(flush);
    }
  }

  private void flush() {
    flushing.set(false);
    synchronized (this) {
      sendReleases();
      if (credit > 0 && !closed) {
        store.link().send(new Command.RequestChunks(handle, credit));
        credit = 0;
      }
    }
  }

  private void sendReleases() {
    if (releaseCount > 0) {
      long[] positions = Arrays.copyOf(releases, releaseCount);
      releaseCount = 0;
      store.link().send(new Command.ReleaseChunks(handle, positions));
    }
  }

  void delivered(Event.Delivered event) {
    ChunkBody body = event.body();
    MappedSegment[] segments = store.segments().retain(body.segments());
    if (segments == null) {
      return;
    }
    ChunkLease lease = new ChunkLease(this, event.position(), segments);
    LeasedChunk chunk = new LeasedChunk(event.position(), body, lease);
    boolean taken;
    synchronized (this) {
      taken = !closed;
      if (taken) {
        arrived.add(chunk);
      }
    }
    if (!taken) {
      lease.unmap();
    } else if (chunk.isSettled()) {
      available();
    } else {
      for (MappedSegment segment : segments) {
        segment.whenSettled(this::available);
      }
    }
  }

  private void available() {
    StoreEvents.tell(stream, onAvailable);
  }

  void preamble(ByteBuffer bytes) {
    synchronized (this) {
      preamble = bytes;
    }
  }

  void end(@Nullable VineyardException reason) {
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      failure = reason;
    }
    available();
  }
}
