package io.vineyard.store.core;

import io.vineyard.store.memory.Segment;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A segment, who writes in it, and how many chunks and blobs lie in it. */
final class SegmentEntry {
  final long id;
  final Segment segment;
  final Set<AttachedClient> knownTo = new HashSet<>();
  @Nullable AttachedClient writer;

  /** Told of the end as well, though it was not told of the segment. */
  @Nullable AttachedClient watcher;

  boolean sealed;

  /** Whether it has no pages, and counts for nothing. */
  boolean emptied;

  long uses;

  SegmentEntry(long id, Segment segment, AttachedClient writer) {
    this.id = id;
    this.segment = segment;
    this.writer = writer;
  }

  boolean isWrittenBy(AttachedClient client) {
    return writer == client;
  }

  boolean contains(long offset, long sizeBytes) {
    return offset >= 0
        && sizeBytes >= 0
        && offset <= segment.capacityBytes()
        && sizeBytes <= segment.capacityBytes() - offset;
  }
}
