package io.vineyard.store.attach;

import io.vineyard.store.memory.SubAllocator;

/** A segment in which this client writes; guarded by the pool that it belongs to. */
final class LeasedSegment {
  final MappedSegment mapped;
  final SubAllocator allocator;
  final long base;

  /** Allocations that somebody here still writes in, in contrast to sealed blobs. */
  int open;

  /** Whether there was ever an allocation: a new segment waits for whoever made it necessary. */
  boolean used;

  private boolean idle;
  private long idleSinceNanos;

  LeasedSegment(MappedSegment mapped) {
    this.mapped = mapped;
    this.base = mapped.base();
    this.allocator = new SubAllocator(mapped.capacityBytes());
  }

  /** Returns whether it is without allocations, and not needed for the time being. */
  boolean isIdle() {
    return idle;
  }

  /** Returns for how long it has been idle, which it is from now on. */
  long idleNanos(long nowNanos) {
    if (!idle) {
      idle = true;
      idleSinceNanos = nowNanos;
    }
    return nowNanos - idleSinceNanos;
  }

  void endIdle() {
    idle = false;
  }

  boolean contains(long address, long sizeBytes) {
    long offset = address - base;
    return offset >= 0 && sizeBytes <= mapped.capacityBytes() - offset;
  }
}
