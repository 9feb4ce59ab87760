package io.vineyard.store.server.json;

import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.memory.SubAllocator;
import org.jspecify.annotations.Nullable;

/** A segment that memory is cut from. */
final class Slab {
  /** What it has pages for. */
  enum State {
    /** Memory can be cut from it. */
    FILLED,
    /** It has pages, which may go at any time. */
    SPARE,
    /** It has no pages. */
    EMPTY,
    /** It is getting pages. */
    FILLING
  }

  private final Hosting hosting;
  final long segment;
  final Segment memory;
  final SubAllocator allocator;
  State state = State.FILLED;
  long idleSinceNanos;
  private @Nullable Mapping mapping;

  Slab(Hosting hosting, long segment, Segment memory) {
    this.hosting = hosting;
    this.segment = segment;
    this.memory = memory;
    this.allocator = new SubAllocator(memory.capacityBytes());
  }

  boolean isIdle() {
    return state == State.FILLED && allocator.isEmpty();
  }

  /** Returns whether it has pages that nothing lies in. */
  boolean hasUnusedPages() {
    return state == State.SPARE || (isIdle() && !hosting.isUsed(segment));
  }

  /** Returns the address of a part, mapping the segment the first time. */
  long address(long offset, long sizeBytes) {
    if (mapping == null) {
      mapping = memory.mapLazily(Segment.Access.READ_WRITE);
    }
    return mapping.address(offset, sizeBytes);
  }

  /** Lets the pages be spare. */
  void setAside() {
    if (hosting.setAside(segment)) {
      state = State.SPARE;
    }
  }

  /** Gives the pages back, which nobody uses; returns how many bytes went. */
  long empty() {
    if (!hosting.empty(segment)) {
      return 0;
    }
    state = State.EMPTY;
    return memory.capacityBytes();
  }

  void close() {
    if (mapping != null) {
      mapping.close();
      mapping = null;
    }
    memory.close();
  }
}
