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

  LeasedSegment(MappedSegment mapped) {
    this.mapped = mapped;
    this.base = mapped.base();
    this.allocator = new SubAllocator(mapped.capacityBytes());
  }

  boolean contains(long address, long sizeBytes) {
    long offset = address - base;
    return offset >= 0 && sizeBytes <= mapped.capacityBytes() - offset;
  }
}
