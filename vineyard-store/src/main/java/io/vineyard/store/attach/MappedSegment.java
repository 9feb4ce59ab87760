package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.util.ArrayList;
import java.util.List;
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
  private int references;
  private volatile @Nullable Mapping mapping;
  private volatile @Nullable VineyardException failure;

  MappedSegment(long id, long capacityBytes, int references) {
    this.id = id;
    this.capacityBytes = capacityBytes;
    this.references = references;
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
      unwanted = references == 0;
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

  synchronized MappedSegment retain() {
    assert references > 0 : "segment " + id + " is unmapped";
    references++;
    return this;
  }

  void release() {
    Mapping last;
    synchronized (this) {
      assert references > 0 : "segment " + id + " is unmapped";
      references--;
      last = references == 0 ? mapping : null;
    }
    if (last != null) {
      last.close();
    }
  }
}
