package io.vineyard.store.client.json;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.ring.Descriptor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * The writing end of a stream of a Vineyard server.
 *
 * <p>What is published waits here until a worker has copied it into the server, one chunk after the
 * other. The server deletes a chunk when its reader asks for the next, but does not tell: whoever
 * waits for room has the writer look whether the oldest chunks are still there.
 */
final class JsonWriter implements ChunkWriter {
  private static final Logger log = LoggerFactory.getLogger(JsonWriter.class);
  private static final Duration FIRST_LOOK = Duration.ofMillis(1);
  private static final Duration MOST_LOOK = Duration.ofMillis(16);
  private static final Duration MEMORY_LOOK = Duration.ofMillis(10);

  /** The part of a window that is looked for first: all chunks before it have gone with it. */
  private static final int LOOK_PART = 4;

  private record Sent(ObjectId id, long dataBytes) {
    /** The blob without bytes is in no server, whether it was read or not. */
    boolean canBeAskedFor() {
      return !id.equals(ObjectId.EMPTY_BLOB);
    }
  }

  private final StreamEnds ends;
  private final StreamInfo stream;
  private final ChunkForms forms;
  private final int windowChunks;
  private final long windowBytes;
  private final long mostBytes;
  private final Sinks.Empty<Void> drained = Sinks.empty();
  private volatile Runnable onRoom = () -> {};

  // Guarded by this.
  private final Deque<CopiedDraft> queue = new ArrayDeque<>();
  private final Deque<Sent> sent = new ArrayDeque<>();
  private @Nullable CopiedDraft inFlight;
  private long bytes;
  private @Nullable ByteBuffer preamble;
  private @Nullable VineyardException failure;
  private @Nullable VineyardException end;
  private boolean ended;
  private boolean closed;
  private boolean abandoned;
  private boolean working;
  private boolean looking;

  /** Whether somebody was told that there is no room, and is to be told when there is. */
  private boolean asleep;

  private boolean over;

  /**
   * Makes an end.
   *
   * @param mostBytes the server's capacity
   */
  JsonWriter(StreamEnds ends, StreamInfo stream, long mostBytes) {
    this.mostBytes = mostBytes;
    this.ends = ends;
    this.stream = stream;
    this.forms = new ChunkForms(stream.spec().typeName());
    this.windowChunks = stream.spec().windowChunks();
    this.windowBytes = stream.spec().windowBytes();
  }

  @Override
  public StreamInfo stream() {
    return stream;
  }

  @Override
  public SharedMemory memory() {
    return ends.memory();
  }

  @Override
  public ChunkDraft draft() {
    return new CopiedDraft(ends.memory());
  }

  @Override
  public Result tryPublish(ChunkDraft draft) {
    CopiedDraft mine = (CopiedDraft) draft;
    ByteBuffer unused = mine.header();
    synchronized (this) {
      if (failure != null || abandoned) {
        return Result.CANCELLED;
      }
      if (ended) {
        return Result.TERMINATED;
      }
      if (!fits(mine.dataBytes())) {
        look(FIRST_LOOK);
        return Result.WINDOW_FULL;
      }
      queue.add(mine);
      bytes += mine.dataBytes();
    }
    work();
    return Result.OK;
  }

  private int unpublished() {
    return queue.size() + (inFlight == null ? 0 : 1);
  }

  private boolean fits(long dataBytes) {
    int chunks = unpublished() + sent.size();
    return chunks == 0 || (chunks < windowChunks && dataBytes <= windowBytes - bytes);
  }

  @Override
  public synchronized boolean hasRoom(long dataBytes) {
    boolean fits = fits(dataBytes);
    if (!fits) {
      look(FIRST_LOOK);
    }
    return fits;
  }

  @Override
  public synchronized int roomChunks() {
    int room = Math.max(0, windowChunks - unpublished() - sent.size());
    if (room == 0) {
      look(FIRST_LOOK);
    }
    return room;
  }

  @Override
  public synchronized long roomBytes() {
    look(FIRST_LOOK); // whoever asks waits for more, if it is not enough
    return Math.max(0, windowBytes - bytes);
  }

  @Override
  public synchronized void preamble(ByteBuffer wanted) {
    ByteBuffer copy = Descriptor.copyOfHeader(wanted);
    if (preamble == null) {
      preamble = copy;
    }
  }

  @Override
  public void onRoom(Runnable listener) {
    onRoom = listener;
  }

  @Override
  public void finish() {
    end(null);
  }

  @Override
  public void fail(ErrorCode code, String message) {
    end(VineyardException.of(code, message));
  }

  private void end(@Nullable VineyardException why) {
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      end = why;
      Tracking.returned(this);
    }
    work();
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  @Override
  public synchronized long outstandingChunks() {
    return unpublished();
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
    tell(onRoom);
  }

  // What is queued goes to the server, on one worker at a time.

  private void work() {
    synchronized (this) {
      if (working || over) {
        return;
      }
      working = true;
    }
    if (!ends.later(this::publishQueued, Duration.ZERO)) {
      stop(noThread());
      publishQueued(); // which only ends now
    }
  }

  private VineyardException noThread() {
    return VineyardException.of(
        ErrorCode.LIMIT_REACHED,
        "expected a thread to publish chunks of " + stream.describe() + ", got none");
  }

  private void publishQueued() {
    for (CopiedDraft next = next(); next != null; next = next()) {
      try {
        publish(next);
      } catch (VineyardException e) {
        boolean waits = e.code() == ErrorCode.NOT_ENOUGH_MEMORY && next.dataBytes() < mostBytes;
        // The window holds whoever publishes meanwhile.
        if (waits && ends.later(this::publishQueued, MEMORY_LOOK)) {
          return;
        }
        stop(waits ? noThread() : e);
      } catch (RuntimeException e) {
        stop(VineyardException.of(ErrorCode.UNKNOWN, "a chunk can't be published: " + e, e));
      }
    }
  }

  /** Returns the chunk that is to be published; null if the worker ends. */
  private @Nullable CopiedDraft next() {
    CopiedDraft unpublished;
    boolean last;
    synchronized (this) {
      if (!over && inFlight == null) {
        inFlight = queue.poll();
      }
      if (!over && inFlight != null) {
        return inFlight;
      }
      unpublished = inFlight;
      inFlight = null;
      working = false;
      last = ended && !over;
      over |= last;
    }
    if (last) {
      ends.ended(this, end).whenComplete((told, error) -> drained());
    } else if (isOver()) {
      if (unpublished != null) {
        tell(unpublished.onReclaimed());
      }
      drained();
    }
    return null;
  }

  private synchronized boolean isOver() {
    return over;
  }

  private void publish(CopiedDraft chunk) {
    ByteBuffer first;
    synchronized (this) {
      first = preamble;
    }
    ObjectId id = ends.chunks().publish(stream.id(), forms.of(chunk, first));
    synchronized (this) {
      inFlight = null;
      sent.add(new Sent(id, chunk.dataBytes()));
      if (asleep) {
        look(FIRST_LOOK);
      }
    }
    tell(chunk.onReclaimed());
  }

  /** Nothing can be published any more. */
  private void stop(VineyardException reason) {
    if (reason.code() == ErrorCode.OBJECT_NOT_EXISTS) {
      dropped();
    } else {
      lost(reason);
    }
  }

  /** The server does not say which of the two has happened. */
  void dropped() {
    lost(
        VineyardException.of(
            ErrorCode.STREAM_DROPPED, stream.describe() + " was dropped, or its reader has left"));
  }

  /** The stream, or the store, is gone. */
  void lost(VineyardException reason) {
    List<CopiedDraft> left;
    boolean busy;
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
      if (over) {
        return;
      }
      over = true;
      ended = true;
      Tracking.returned(this);
      left = new ArrayList<>(queue);
      queue.clear();
      busy = working; // the worker may read the memory of a chunk right now
    }
    left.forEach(chunk -> tell(chunk.onReclaimed()));
    tell(onRoom);
    if (!busy) {
      drained();
    }
  }

  /** The client is closed: what was published still goes to the server. */
  void leave(VineyardException reason) {
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
    }
    fail(ErrorCode.WRITER_LOST, "the client of the writer of " + stream.describe() + " has left");
    tell(onRoom);
  }

  private void drained() {
    ends.gone(this);
    drained.tryEmitEmpty();
  }

  // Whoever waits for room.

  private void look(Duration after) {
    asleep = true;
    if (!looking && !over && !sent.isEmpty()) {
      looking = ends.soon(() -> look(LOOK_PART, after), after);
    }
  }

  /** Asks for a chunk in this part of the window, or for the oldest. */
  private void look(int part, Duration after) {
    List<Sent> all;
    boolean isAll;
    synchronized (this) {
      if (over || sent.isEmpty()) {
        looking = false;
        return;
      }
      all = new ArrayList<>(sent);
      isAll = unpublished() == 0;
    }
    int index = toAskFor(all, part == 0 ? 0 : Math.min(all.size() - 1, windowChunks / part));
    if (index < 0 && isAll) {
      took(all.size()); // nobody will ever say, and they take no memory
      return;
    }
    if (index < 0) {
      endLook();
      again(after);
      return;
    }
    ends.exists(all.get(index).id())
        .whenComplete(
            (exists, error) -> {
              if (error != null) {
                endLook();
              } else if (!exists) {
                took(index + 1);
              } else if (part > 0) {
                look(0, after);
              } else {
                endLook();
                again(after);
              }
            });
  }

  /** Returns which chunk can be asked for, at best this or one before; -1 if there is none. */
  private static int toAskFor(List<Sent> chunks, int best) {
    int index = best;
    while (index >= 0 && !chunks.get(index).canBeAskedFor()) {
      index--;
    }
    for (int i = best + 1; index < 0 && i < chunks.size(); i++) {
      index = chunks.get(i).canBeAskedFor() ? i : -1;
    }
    return index;
  }

  private synchronized void endLook() {
    looking = false;
  }

  private synchronized void again(Duration after) {
    Duration next = after.multipliedBy(2);
    look(next.compareTo(MOST_LOOK) > 0 ? MOST_LOOK : next);
  }

  private void took(int chunks) {
    synchronized (this) {
      looking = false;
      asleep = false;
      for (int i = 0; i < chunks; i++) {
        bytes -= sent.remove().dataBytes();
      }
    }
    tell(onRoom);
  }

  private void tell(Runnable listener) {
    try {
      listener.run();
    } catch (RuntimeException e) {
      log.error("A listener of the writer of {} failed", stream.describe(), e);
    }
  }
}
