package io.vineyard.store.attach;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/** The writing end of a stream, and its window. */
final class WriterEnd implements ChunkWriter {
  private record Published(long dataBytes, Runnable onReclaimed) {}

  private final AttachedStore store;
  private final long handle;
  private final StreamInfo stream;
  private final int windowChunks;
  private final long windowBytes;
  private final Sinks.Empty<Void> drained = Sinks.empty();
  private volatile Runnable onRoom = () -> {};

  // Guarded by this.
  private final Map<Long, Published> outstanding = new HashMap<>();
  private long outstandingBytes;
  private int reclaiming;
  private long nextPosition;
  private boolean preambleSent;
  private boolean ended;
  private boolean closed;
  private boolean abandoned;
  private @Nullable VineyardException failure;

  WriterEnd(AttachedStore store, long handle, StreamInfo stream) {
    this.store = store;
    this.handle = handle;
    this.stream = stream;
    this.windowChunks = stream.spec().windowChunks();
    this.windowBytes = stream.spec().windowBytes();
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
    ChunkBody body = mine.body();
    synchronized (this) {
      if (failure != null || abandoned) {
        return Result.CANCELLED;
      }
      if (ended) {
        return Result.TERMINATED;
      }
      if (!hasRoom(body.dataBytes())) {
        return Result.WINDOW_FULL;
      }
      outstanding.put(nextPosition++, new Published(body.dataBytes(), mine.onReclaimed()));
      outstandingBytes += body.dataBytes();
      store.link().send(new Command.Publish(handle, body));
      return Result.OK;
    }
  }

  @Override
  public synchronized boolean hasRoom(long dataBytes) {
    return outstanding.isEmpty()
        || (outstanding.size() < windowChunks && dataBytes <= windowBytes - outstandingBytes);
  }

  @Override
  public synchronized int roomChunks() {
    return Math.max(0, windowChunks - outstanding.size());
  }

  @Override
  public synchronized long roomBytes() {
    return Math.max(0, windowBytes - outstandingBytes);
  }

  @Override
  public synchronized void preamble(ByteBuffer bytes) {
    ByteBuffer copy = ChunkBody.copyOfHeader(bytes);
    if (!preambleSent && !ended && failure == null) {
      preambleSent = true;
      store.link().send(new Command.SetPreamble(handle, copy));
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
      store.link().send(new Command.EndStream(handle, code, message));
    }
    store.streamWriterEnded();
    checkDrained();
  }

  @Override
  public synchronized @Nullable VineyardException failure() {
    return failure;
  }

  @Override
  public synchronized long outstandingChunks() {
    return outstanding.size();
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
    checkDrained();
  }

  void room() {
    StoreEvents.tell(stream, onRoom);
  }

  void reclaimed(long[] positions) {
    List<Runnable> done = new ArrayList<>(positions.length);
    synchronized (this) {
      for (long position : positions) {
        Published chunk = outstanding.remove(position);
        if (chunk != null) {
          outstandingBytes -= chunk.dataBytes;
          done.add(chunk.onReclaimed);
        }
      }
      reclaiming++;
    }
    giveBack(done);
    room();
    checkDrained();
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
    List<Published> all;
    boolean wasOpen;
    synchronized (this) {
      if (failure == null) {
        failure = reason;
      }
      wasOpen = !ended;
      ended = true;
      all = new ArrayList<>(outstanding.values());
      outstanding.clear();
      outstandingBytes = 0;
      reclaiming++;
    }
    if (wasOpen) {
      store.streamWriterEnded();
    }
    giveBack(all.stream().map(Published::onReclaimed).toList());
    room();
    checkDrained();
  }

  private void giveBack(List<Runnable> reclaimed) {
    for (Runnable one : reclaimed) {
      StoreEvents.tell(stream, one);
    }
    synchronized (this) {
      reclaiming--;
    }
  }

  private void checkDrained() {
    synchronized (this) {
      if (!ended || !outstanding.isEmpty() || reclaiming > 0) {
        return;
      }
    }
    store.drained(this);
    drained.tryEmitEmpty();
  }
}
