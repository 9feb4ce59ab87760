package io.vineyard.store.core;

import io.vineyard.store.memory.Segment;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A segment, who writes in it, and how many chunks and blobs lie in it. */
final class SegmentEntry {
  /** What it has pages for. */
  enum Pages {
    /** Something lies in it, or may at any time. */
    USED,
    /** Nothing lies in it: they are kept until they are used again or anybody needs the memory. */
    SPARE,
    /** It has none. */
    NONE
  }

  final long id;
  final Segment segment;
  final Set<AttachedClient> knownTo = new HashSet<>();
  @Nullable AttachedClient writer;

  /** Told of the end as well, though it was not told of the segment. */
  @Nullable AttachedClient watcher;

  boolean sealed;

  Pages pages = Pages.USED;

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
