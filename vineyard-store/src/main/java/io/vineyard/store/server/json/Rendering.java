package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.core.Hosting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The making of an object out of something that a client of our dialect has written, blob by blob,
 * while the memory of that is kept. What has to be written is written by another thread if it is
 * much.
 */
final class Rendering {
  /**
   * What a rendering needs.
   *
   * @param memory what is written lies in it
   * @param worker may take its time
   * @param loop the thread that owns the tables
   */
  record Tools(Hosting hosting, HostedMemory memory, Executor worker, Executor loop, Work work) {}

  /** Counts what other threads are at, for which memory must stay mapped. */
  static final class Work {
    private int running;
    private boolean closed;
    private Runnable onIdle = () -> {};

    /** Runs a task when no other thread is at anything. */
    void close(Runnable task) {
      closed = true;
      onIdle = task;
      if (running == 0) {
        task.run();
      }
    }

    private void begin() {
      running++;
    }

    /** Returns whether to go on. */
    private boolean end() {
      running--;
      if (closed && running == 0) {
        onIdle.run();
      }
      return !closed;
    }
  }

  /** Takes what was made, now or later. */
  interface Outcome {
    /** Here is the object. */
    void rendered(ObjectId id);

    /** There is none. */
    void failed(VineyardException reason);
  }

  private static final long MOST_WRITTEN_HERE = 64 << 10;

  private final Tools tools;
  private final Hosting hosting;
  private final Backing backing;
  private final List<BlobSource> sources;
  private final Function<List<ObjectId>, ObjectId> root;
  private final Outcome outcome;
  private final List<ObjectId> ids = new ArrayList<>();
  private final List<ObjectId> made = new ArrayList<>();
  private final List<Runnable> writes = new ArrayList<>();
  private long writtenBytes;
  private boolean waits;
  private boolean asks;
  private boolean over;

  private Rendering(
      Tools tools,
      Backing backing,
      List<BlobSource> sources,
      Function<List<ObjectId>, ObjectId> root,
      Outcome outcome) {
    this.tools = tools;
    this.hosting = tools.hosting();
    this.backing = backing;
    this.sources = sources;
    this.root = root;
    this.outcome = outcome;
  }

  /**
   * Begins.
   *
   * @param sources what becomes blobs
   * @param root makes the object of their ids
   */
  static void start(
      Tools tools,
      Backing backing,
      List<BlobSource> sources,
      Function<List<ObjectId>, ObjectId> root,
      Outcome outcome) {
    for (long segment : backing.segments()) {
      tools.hosting().retainSegment(segment);
    }
    new Rendering(tools, backing, sources, root, outcome).next();
  }

  /** Makes blob after blob, in a loop: there may be many, and most get their memory at once. */
  private void next() {
    try {
      while (!over && !waits && ids.size() < sources.size()) {
        BlobSource source = sources.get(ids.size());
        if (source instanceof BlobSource.InPlace there) {
          ids.add(backing.add(there.offset(), there.sizeBytes()));
        } else {
          ask(source);
        }
      }
    } catch (RuntimeException | Error e) {
      refuse(reason(e));
      return;
    }
    if (!over && !waits) {
      write();
    }
  }

  private void ask(BlobSource source) {
    waits = true;
    asks = true;
    Runnable unused =
        tools.memory().allocate(source.sizeBytes(), range -> make(source, range), this::refuse);
    asks = false;
  }

  private void make(BlobSource source, HostedMemory.Range range) {
    waits = false;
    if (over) {
      tools.memory().free(range);
      return;
    }
    try {
      add(source, range);
    } catch (RuntimeException | Error e) {
      refuse(reason(e));
      return;
    }
    if (!asks) {
      next();
    }
  }

  private void add(BlobSource source, HostedMemory.Range range) {
    ObjectId id = hosting.nextBlob();
    try {
      hosting.addBlob(
          id,
          range.segment(),
          range.offset(),
          source.sizeBytes(),
          () -> tools.memory().free(range));
    } catch (RuntimeException | Error e) {
      tools.memory().free(range);
      throw e;
    }
    ids.add(id);
    hosting.retain(id); // whoever deletes it must not have its memory used again yet
    made.add(id);
    long address = range.address();
    writes.add(() -> source.writeTo(address));
    writtenBytes += source.sizeBytes();
  }

  /** Whatever goes wrong, whoever waits for the object is to hear of it. */
  private static VineyardException reason(Throwable failure) {
    if (failure instanceof VineyardException known) {
      return known;
    }
    return VineyardException.of(
        failure instanceof OutOfMemoryError
            ? ErrorCode.NOT_ENOUGH_MEMORY
            : ErrorCode.ASSERTION_FAILED,
        "expected to make an object of a chunk or batch, got " + failure,
        failure);
  }

  private void write() {
    if (writtenBytes <= MOST_WRITTEN_HERE) {
      end(writeAll());
      return;
    }
    tools.work().begin();
    try {
      tools
          .worker()
          .execute(
              () -> {
                VineyardException failure = writeAll();
                tools.loop().execute(() -> written(failure));
              });
    } catch (RejectedExecutionException e) {
      boolean unused = tools.work().end();
      refuse(VineyardException.of(ErrorCode.STORE_LOST, "the store was closed", e));
    }
  }

  private @Nullable VineyardException writeAll() {
    try {
      writes.forEach(Runnable::run);
      return null;
    } catch (RuntimeException | Error e) {
      return reason(e);
    }
  }

  private void written(@Nullable VineyardException failure) {
    if (tools.work().end()) {
      end(failure);
    }
  }

  private void end(@Nullable VineyardException failure) {
    made.forEach(hosting::release);
    if (failure != null) {
      give(failure);
      return;
    }
    ObjectId id;
    try {
      id = root.apply(ids);
    } catch (RuntimeException | Error e) {
      give(reason(e));
      return;
    }
    releaseSegments();
    outcome.rendered(id);
  }

  private void refuse(VineyardException reason) {
    if (over) {
      return;
    }
    over = true;
    made.forEach(hosting::release);
    give(reason);
  }

  /** Nothing becomes of it. */
  private void give(VineyardException reason) {
    List<ObjectId> unused = hosting.delete(ids, true, false);
    releaseSegments();
    outcome.failed(reason);
  }

  private void releaseSegments() {
    for (long segment : backing.segments()) {
      hosting.releaseSegment(segment);
    }
  }
}
