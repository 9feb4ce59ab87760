package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A segment that this client has mapped, or is about to map.
 *
 * <p>Counted: whoever reads or writes in it holds a reference, and the last one to go unmaps it.
 * Thread-safe.
 */
final class MappedSegment {
  private final long id;
  private final long capacityBytes;
  private final List<Runnable> waiting = new ArrayList<>();
  private final AtomicInteger references;
  private volatile @Nullable Mapping mapping;
  private volatile @Nullable VineyardException failure;

  MappedSegment(long id, long capacityBytes, int references) {
    this.id = id;
    this.capacityBytes = capacityBytes;
    this.references = new AtomicInteger(references);
  }

  long id() {
    return id;
  }

  long capacityBytes() {
    return capacityBytes;
  }

  /** Returns whether mapping has succeeded or failed. */
  boolean isSettled() {
    return mapping != null || failure != null;
  }

  @Nullable VineyardException failure() {
    return failure;
  }

  /** Ends the wait for the mapping; it is unmapped at once if nobody needs it any more. */
  void settle(@Nullable Mapping mapped, @Nullable VineyardException reason) {
    List<Runnable> told;
    boolean unwanted;
    synchronized (this) {
      mapping = mapped;
      failure = reason;
      told = new ArrayList<>(waiting);
      waiting.clear();
      unwanted = references.get() == 0;
    }
    if (unwanted && mapped != null) {
      mapped.close();
    }
    told.forEach(Runnable::run);
  }

  /** Runs a task as soon as mapping has succeeded or failed, now if it has. */
  void whenSettled(Runnable task) {
    synchronized (this) {
      if (!isSettled()) {
        waiting.add(task);
        return;
      }
    }
    task.run();
  }

  long base() {
    return mapped().address();
  }

  long address(long offset, long sizeBytes) {
    return mapped().address(offset, sizeBytes);
  }

  private Mapping mapped() {
    Mapping now = mapping;
    if (now != null) {
      return now;
    }
    VineyardException reason = failure;
    throw reason != null
        ? reason
        : VineyardException.of(
            ErrorCode.ASSERTION_FAILED, "expected segment " + id + " mapped, it is not yet");
  }

  /** Adds a reference to those that there are. */
  MappedSegment retain() {
    boolean retained = tryRetain();
    assert retained : "segment " + id + " is unmapped";
    return this;
  }

  /** Adds a reference, unless there is none any more. */
  boolean tryRetain() {
    int count = references.get();
    while (count > 0 && !references.compareAndSet(count, count + 1)) {
      count = references.get();
    }
    return count > 0;
  }

  void release() {
    int left = references.decrementAndGet();
    assert left >= 0 : "segment " + id + " is unmapped";
    if (left == 0) {
      Mapping last;
      synchronized (this) {
        last = mapping;
      }
      if (last != null) {
        last.close();
      }
    }
  }
}
