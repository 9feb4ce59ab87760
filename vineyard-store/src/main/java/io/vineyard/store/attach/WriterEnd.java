package io.vineyard.store.attach;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.message.Command;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingLayout;
import io.vineyard.store.ring.RingWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The writing end of a stream, and its window.
 *
 * <p>Takes back what was released while it publishes, and when the reader or the store wakes it.
 */
final class WriterEnd implements ChunkWriter {
  /** How many chunks are published between two looks for released ones. */
  private static final int LOOK_EVERY = 16;

  /** The writer is woken when this part of what is out was released. */
  private static final int WAKE_PART = 4;

  /** Others write in the ring as well, and must not keep a thread here busy. */
  private static final int MOST_TRIES = 100;

  private record Published(long dataBytes, Runnable onReclaimed) {}

  private final AttachedStore store;
  private final long handle;
  private final StreamInfo stream;
  private final long windowBytes;
  private final MappedSegment memory;
  private final RingLayout layout;
  private final Sinks.Empty<Void> drained = Sinks.empty();
  private final AtomicBoolean waking = new AtomicBoolean();
  private volatile Runnable onRoom = () -> {};

  // Guarded by this. The ring is mapped until it is over.
  private final RingWriter ring;
  private final UsedSegments used;
  private final @Nullable Published[] outstanding;
  private long outstandingBytes;
  private int givingBack;

  /** Whether somebody was told that there is no room, and is to be told when there is. */
  private boolean asleep;

  private boolean over;
  private boolean preambleSent;
  private boolean ended;
  private boolean closed;
  private boolean abandoned;
  private @Nullable VineyardException failure;

  WriterEnd(AttachedStore store, long handle, StreamInfo stream, SharedRing shared) {
    this.store = store;
    this.handle = handle;
    this.stream = stream;
    this.windowBytes = stream.spec().windowBytes();
    this.memory = shared.memory();
    Ring mapped = shared.open();
    this.layout = mapped.layout();
    this.ring = new RingWriter(mapped);
    this.used = new UsedSegments(store.link(), handle);
    this.outstanding = new Published[layout.slots()];
  }

  long handle() {
    return handle;
  }

  @Override
  public StreamInfo stream() {
    return stream;
  }

  @Override
  public SharedMemory memory() {
    return store.streamMemory();
  }

  @Override
  public ChunkDraft draft() {
    return new Draft(store);
  }

  @Override
  public Result tryPublish(ChunkDraft draft) {
    Draft mine = (Draft) draft;
    if (!mine.fit(layout)) {
      return Result.WINDOW_FULL;
    }
    Result result = publish(mine);
    for (int i = 0; i < MOST_TRIES && result == Result.WINDOW_FULL && takeBackOrSleep(); i++) {
      result = publish(mine);
    }
    if (result == Result.OK) {
      lookForReleased();
    } else {
      mine.unfit();
    }
    return result;
  }

  private Result publish(Draft draft) {
    Descriptor chunk = draft.descriptor();
    synchronized (this) {
      if (failure != null || abandoned) {
        return Result.CANCELLED;
      }
      if (ended) {
        return Result.TERMINATED;
      }
      if (!fits(chunk.dataBytes())) {
        return Result.WINDOW_FULL;
      }
      used.announce(chunk.segments());
      int slot = ring.publish(chunk);
      outstanding[slot] = new Published(chunk.dataBytes(), draft.onReclaimed());
      outstandingBytes += chunk.dataBytes();
      if (ring.wakesReader()) {
        store.link().send(new Command.Wake(handle)); // here, so that no end of this overtakes it
      }
    }
    return Result.OK;
  }

  private int chunks() {
    return over ? 0 : ring.outstanding();
  }

  private boolean fits(long dataBytes) {
    int chunks = chunks();
    return chunks == 0
        || (chunks < outstanding.length && dataBytes <= windowBytes - outstandingBytes);
  }

  private void lookForReleased() {
    boolean look;
    synchronized (this) {
      look = !over && ring.published() % LOOK_EVERY == 0 && ring.hasReleased();
    }
    if (look) {
      takeBack();
    }
  }

  /** Returns whether there may be room now; else the writer is told as soon as that can be. */
  private boolean takeBackOrSleep() {
    boolean released;
    synchronized (this) {
      released = !over && ring.hasReleased();
    }
    if (released && takeBack()) {
      return true;
    }
    synchronized (this) {
      if (over) {
        return false;
      }
      int chunks = ring.outstanding();
      asleep = chunks > 0 && ring.sleep(Math.max(1, chunks / WAKE_PART));
      return !asleep;
    }
  }

  /**
   * Has the writer woken by the next release, or by whoever takes back what was released; returns
   * whether something was released before.
   */
  boolean awaitRelease() {
    boolean released;
    synchronized (this) {
      if (over) {
        return false;
      }
      released = ring.outstanding() > 0 && !ring.sleep(1);
      asleep |= !released && ring.outstanding() + givingBack > 0;
    }
    if (released) {
      takeBack();
    }
    return released;
  }

  /** Takes back what was released; returns whether that was anything. */
  private boolean takeBack() {
    Reclaimed found = new Reclaimed();
    synchronized (this) {
      if (over) {
        return false;
      }
      int tries = 0;
      do {
        ring.reclaim(slot -> found.add(takeOut(slot)));
        tries++;
      } while (ended && tries < MOST_TRIES && isNextRelease());
      givingBack += found.count;
    }
    boolean wakes = giveBack(found);
    checkDrained();
    if (wakes) {
      room(); // whoever waits for it would not be woken any more
    }
    return found.count > 0;
  }

  /** Returns whether the rest was released; else the writer is woken when it is. */
  private boolean isNextRelease() {
    return ring.outstanding() > 0 && !ring.sleep(ring.outstanding());
  }

  private Runnable takeOut(int slot) {
    Published chunk = outstanding[slot];
    assert chunk != null : "slot " + slot + " is free";
    outstanding[slot] = null;
    outstandingBytes -= chunk.dataBytes;
    return chunk.onReclaimed;
  }

  @Override
  public boolean hasRoom(long dataBytes) {
    boolean fits = fitsNow(dataBytes);
    for (int i = 0; i < MOST_TRIES && !fits && takeBackOrSleep(); i++) {
      fits = fitsNow(dataBytes);
    }
    return fits;
  }

  private synchronized boolean fitsNow(long dataBytes) {
    return fits(dataBytes);
  }

  @Override
  public int roomChunks() {
    hasRoom(1);
    synchronized (this) {
      return outstanding.length - chunks();
    }
  }

  @Override
  public synchronized long roomBytes() {
    return Math.max(0, windowBytes - outstandingBytes);
  }

  @Override
  public synchronized void preamble(ByteBuffer bytes) {
    ByteBuffer copy = Descriptor.copyOfHeader(bytes);
    if (!preambleSent && !ended && failure == null) {
      preambleSent = true;
      store.link().send(new Command.SetPreamble(handle, copy));
      ring.announcePreamble();
    }
  }

  @Override
  public void onRoom(Runnable listener) {
    onRoom = listener;
  }

  @Override
  public void finish() {
    end(0, "");
  }

  @Override
  public void fail(ErrorCode code, String message) {
    end(code.number(), message);
  }

  private void end(int code, String message) {
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      Tracking.returned(this);
      store.link().send(new Command.EndStream(handle, code, message));
    }
    store.streamWriterEnded();
    takeBack();
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  @Override
  public long outstandingChunks() {
    takeBack();
    synchronized (this) {
      return (long) chunks() + givingBack; // whose memory is not free before that is done
    }
  }

  @Override
  public Mono<Void> onDrained() {
    return drained.asMono().publishOn(Schedulers.parallel());
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      abandoned = !ended;
    }
    fail(
        ErrorCode.WRITER_LOST,
        "the writer of " + stream.describe() + " was closed before it finished");
    room();
  }

  void room() {
    StoreEvents.tell(stream, onRoom);
  }

  /**
   * Somebody has released something. To take it back is work for a writer's threads: the link's,
   * which may be that of the tables, has others to serve.
   */
  void woken() {
    if (waking.compareAndSet(false, true)) {
      try {
        Schedulers.parallel().schedule(this::wake);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        wake();
      }
    }
  }

  private void wake() {
    waking.set(false);
    takeBack();
    room();
  }

  /** The stream was dropped; memory still comes back chunk by chunk. */
  void stopped(VineyardException reason) {
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
    }
    end(reason.code().number(), String.valueOf(reason.getMessage()));
    room();
  }

  /** The store is gone; nobody will say when memory is free, and nobody reuses it. */
  void lost(VineyardException reason) {
    Reclaimed all = new Reclaimed();
    boolean wasOpen;
    synchronized (this) {
      if (over) {
        return;
      }
      if (failure == null) {
        failure = reason;
      }
      wasOpen = !ended;
      ended = true;
      Tracking.returned(this);
      for (int slot = 0; slot < outstanding.length; slot++) {
        if (outstanding[slot] != null) {
          all.add(takeOut(slot));
        }
      }
      over = true;
      givingBack += all.count;
    }
    memory.release();
    if (wasOpen) {
      store.streamWriterEnded();
    }
    giveBack(all);
    room();
    store.drained(this);
    drained.tryEmitEmpty();
  }

  /** Returns whether somebody waits for that. */
  private boolean giveBack(Reclaimed reclaimed) {
    for (int i = 0; i < reclaimed.count; i++) {
      StoreEvents.tell(stream, reclaimed.tasks[i]);
    }
    synchronized (this) {
      givingBack -= reclaimed.count;
      boolean wakes = asleep && reclaimed.count > 0;
      asleep &= !wakes;
      return wakes;
    }
  }

  private void checkDrained() {
    synchronized (this) {
      if (over || !ended || ring.outstanding() > 0 || givingBack > 0) {
        return;
      }
      over = true;
    }
    memory.release();
    store.link().send(new Command.CloseWriter(handle));
    store.drained(this);
    drained.tryEmitEmpty();
  }

  /** What is to be run for the chunks that a writer has taken back. */
  private static final class Reclaimed {
    private static final int FIRST_TASKS = 16;
    private static final Runnable[] NONE = {};

    Runnable[] tasks = NONE;
    int count;

    void add(Runnable task) {
      if (count == tasks.length) {
        tasks = Arrays.copyOf(tasks, Math.max(FIRST_TASKS, count * 2));
      }
      tasks[count++] = task;
    }
  }

  /** The segments that the store knows a writer to publish chunks in. */
  private static final class UsedSegments {
    private final Link link;
    private final long handle;
    private final Set<Long> announced = new HashSet<>();
    private long last = -1;

    UsedSegments(Link link, long handle) {
      this.link = link;
      this.handle = handle;
    }

    /** Tells the store of those that are new. */
    void announce(long[] segments) {
      for (long segment : segments) {
        if (segment != last) {
          last = segment;
          if (announced.add(segment)) {
            link.send(new Command.UseSegment(handle, segment));
          }
        }
      }
    }
  }
}
