package io.vineyard.store.core;

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

  BlobEntry(long id, SegmentEntry segment, long offset, long sizeBytes) {
    this.id = id;
    this.segment = segment;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }
}
