package io.vineyard.store.core;

import org.jspecify.annotations.Nullable;

/** A sealed blob: where it lies, and who still needs it. */
final class BlobEntry {
  final long id;
  final SegmentEntry segment;
  final long offset;
  final long sizeBytes;

  /** Objects that have it as a member. */
  int parents;

  /** Leases of readers and chunks that lie in it. */
  long leases;

  boolean deleted;
  boolean persistent;

  /** Told when the memory is free; null if the client that writes in the segment is. */
  final @Nullable Runnable onGone;

  BlobEntry(long id, SegmentEntry segment, long offset, long sizeBytes, @Nullable Runnable onGone) {
    this.onGone = onGone;
    this.id = id;
    this.segment = segment;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }
}
