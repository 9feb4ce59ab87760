package io.vineyard.store.attach;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.RingReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/**
 * The reading end of a stream.
 *
 * <p>The writer takes back what is released when it comes by. It is woken if it waits for that, and
 * after {@link #MOST_LAG} in any case.
 */
final class ReaderEnd implements ChunkReader {
  private static final Duration MOST_LAG = Duration.ofMillis(5);

  private final AttachedStore store;
  private final long handle;
  private final StreamInfo stream;
  private final String openedAt;
  private final MappedSegment memory;
  private final AtomicBoolean reminding = new AtomicBoolean();
  private volatile boolean idle;

  /** Counts what has happened, so that whoever spins sees it. */
  private final AtomicInteger news = new AtomicInteger();

  /** Is let go of at the close, as a lease that lasts longer must not keep the subscriber. */
  private volatile Runnable onAvailable;

  // The ring is mapped until the reader is closed and nothing is leased.
  private final RingReader ring;

  // Guarded by this.
  private @Nullable MappedSegment lastSegment;
  private int held;
  private long credit;
  private @Nullable ByteBuffer preamble;
  private @Nullable VineyardException failure;
  private boolean broken;
  private boolean ended;
  private boolean over; // the end was seen: what comes back is for the next reader
  private boolean closed;

  private ReaderEnd(Opening opening, Event.Stream event, SharedRing shared) {
    this.store = opening.store;
    this.openedAt = opening.openedAt;
    this.onAvailable = opening.onAvailable;
    this.handle = event.request();
    this.stream = event.info();
    this.memory = shared.memory();
    this.ring = new RingReader(shared.open(), shared.epoch());
  }

  /** Makes the reading end of a stream when the store has opened it. */
  record Opening(
      AttachedStore store, Runnable onAvailable, String openedAt, @Nullable Object place) {
    /** Called by the link's thread, so that no event for the new handle is missed. */
    ReaderEnd opened(Event.Stream event) {
      SharedRing shared = store.takeRing(event.request());
      try {
        ReaderEnd reader = new ReaderEnd(this, event, shared);
        if (Tracking.isOn()) {
          Tracking.taken(reader, reader, reader.storeName(), place);
        }
        store.register(reader);
        return reader;
      } catch (VineyardException e) {
        store.link().send(new Command.CloseReader(event.request(), true));
        shared.memory().release();
        throw e;
      }
    }
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

  String storeName() {
    return store.link().describe();
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
    woken();
  }

  @Override
  public synchronized long demand() {
    return credit;
  }

  @Override
  public @Nullable LeasedChunk poll() {
    LeasedChunk chunk = null;
    synchronized (this) {
      if (!closed && !broken && !over) {
        try {
          chunk = next();
        } catch (VineyardException corrupted) {
          breakOff(corrupted);
        }
      }
    }
    if (chunk != null) {
      chunk.watch();
    }
    return chunk;
  }

  @Override
  public void spin(long mostNanos) {
    int before = news.get();
    synchronized (this) {
      boolean waits = credit > 0 && !closed && !broken && !ended && !ring.hasReturned();
      if (!waits || ring.hasNews() || !memory.tryRetain()) {
        return;
      }
      rest();
    }
    try {
      long end = System.nanoTime() + mostNanos;
      while (!ring.hasNews() && news.get() == before && System.nanoTime() - end < 0) {
        Thread.onSpinWait();
      }
    } finally {
      memory.release();
    }
  }

  private void breakOff(VineyardException corrupted) {
    broken = true;
    failure = ended && failure != null ? failure : corrupted;
    ended = true;
  }

  private @Nullable LeasedChunk next() {
    while (credit > 0) {
      int slot = ring.peek();
      if (slot != RingReader.NONE) {
        if (ring.hasPreamble() && preamble == null) {
          checkMayCome("a preamble");
          break; // comes the slower way
        }
        Descriptor found = ring.read(slot);
        MappedSegment[] segments = retain(found.segments());
        if (segments == null) {
          checkMayCome(found.segments());
          break; // is told when they are here
        }
        LeasedChunk chunk = lease(slot, found, segments);
        if (chunk != null) {
          return chunk;
        }
      } else if (ring.sleep()) {
        break;
      }
    }
    if (credit > 0 || !ring.hasNews()) {
      rest(); // else there is more to read, and the writer does not need room yet
    }
    return null;
  }

  /** What the writer had to say of its chunks has come before the end, or will never come. */
  private void checkMayCome(String what) {
    if (ended) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected " + what + " before the end of " + describe() + ", got none");
    }
  }

  private void checkMayCome(long[] segments) {
    if (!store.segments().knows(segments)) {
      checkMayCome("the segments of chunk " + ring.position());
    }
  }

  /** Returns segments with a reference to each; null if not all of them are mapped yet. */
  private MappedSegment @Nullable [] retain(long[] ids) {
    MappedSegment last = lastSegment;
    if (ids.length == 1 && last != null && last.id() == ids[0] && last.tryRetain()) {
      return new MappedSegment[] {last};
    }
    MappedSegment[] found = store.segments().retainMapped(ids, this::woken);
    lastSegment = found != null && found.length == 1 ? found[0] : last;
    return found;
  }

  private @Nullable LeasedChunk lease(int slot, Descriptor found, MappedSegment[] segments) {
    long position = ring.position();
    try {
      ByteBuffer header = header(found, segments);
      if (ring.lease(slot)) {
        credit -= credit == Long.MAX_VALUE ? 0 : 1;
        held++;
        idle = false;
        ChunkLease lease = new ChunkLease(this, slot, position, segments);
        return new LeasedChunk(position, found.dataBytes(), header, lease);
      }
    } catch (RuntimeException | Error broken) {
      SegmentCache.release(segments, segments.length);
      throw broken;
    }
    SegmentCache.release(segments, segments.length);
    return null;
  }

  private static ByteBuffer header(Descriptor found, MappedSegment[] segments) {
    ByteBuffer header = found.header();
    if (header != null) {
      return header;
    }
    int size = found.overflowBytes();
    long address = segments[segments.length - 1].address(found.overflowOffset(), size);
    ByteBuffer copy = ByteBuffer.allocate(size).put(Mapping.view(address, size)).flip();
    return copy.asReadOnlyBuffer();
  }

  /** This end waits: so must nobody for a release that does not suffice alone. */
  private void rest() {
    idle = true;
    if (ring.wakesWriter(true)) {
      store.link().send(new Command.Wake(handle));
    }
  }

  @Override
  public void putBack(Chunk chunk) {
    LeasedChunk unused = (LeasedChunk) chunk;
    if (unused.forget()) {
      synchronized (this) {
        if (!closed) {
          ring.putBack(unused.slot(), unused.position());
          held--;
          credit += credit == Long.MAX_VALUE ? 0 : 1;
          return;
        }
      }
      // the store gives it to the next reader, as soon as this one has settled
      endLease();
    }
  }

  @Override
  public synchronized @Nullable ByteBuffer preamble() {
    return preamble == null ? null : preamble.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public synchronized boolean isEnded() {
    over |= ended && (broken || closed || isEmpty());
    return over;
  }

  private boolean isEmpty() {
    try {
      return ring.peek() == RingReader.NONE;
    } catch (VineyardException corrupted) {
      breakOff(corrupted);
      return true;
    }
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  @Override
  public void close() {
    boolean settled;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      Tracking.returned(this);
      news.incrementAndGet();
      onAvailable = () -> {};
      settled = held == 0;
      if (ring.hasUnreclaimed()) {
        store.link().send(new Command.Wake(handle));
      }
      store.link().send(new Command.CloseReader(handle, settled));
    }
    if (settled) {
      memory.release();
    }
    store.closed(this);
  }

  /** Releases a chunk; called once for each. */
  void release(int slot, long position) {
    if (ring.release(slot, position)) {
      if (ring.wakesWriter(idle)) {
        store.link().send(new Command.Wake(handle));
      }
      remindLater();
    }
    endLease();
  }

  private void endLease() {
    boolean settled;
    synchronized (this) {
      held--;
      settled = closed && held == 0;
    }
    if (settled) {
      store.link().send(new Command.Wake(handle));
      store.link().send(new Command.ReaderSettled(handle));
      memory.release();
    }
  }

  private void remindLater() {
    if (!reminding.get() && reminding.compareAndSet(false, true)) {
      try {
        Schedulers.parallel().schedule(this::remind, MOST_LAG.toMillis(), TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException shutDown) {
        remind();
      }
    }
  }

  private void remind() {
    reminding.set(false);
    synchronized (this) {
      if ((!closed || held > 0) && ring.hasUnreclaimed()) {
        store.link().send(new Command.Wake(handle));
      }
    }
  }

  void preamble(ByteBuffer bytes) {
    synchronized (this) {
      preamble = bytes;
    }
    woken();
  }

  /** Something has come, or may have. */
  void woken() {
    news.incrementAndGet();
    StoreEvents.tell(stream, onAvailable);
  }

  /** What another reader had leased is back. */
  void returned() {
    synchronized (this) {
      if (!closed) {
        ring.findReturned();
      }
    }
    woken();
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
}
