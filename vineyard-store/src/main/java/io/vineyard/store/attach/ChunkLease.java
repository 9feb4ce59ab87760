package io.vineyard.store.attach;

import io.vineyard.store.memory.Tracking;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease on a delivered chunk: returned once, by whoever closes the chunk, or by the cleaner if
 * nobody did. Must not reach the chunk itself.
 */
final class ChunkLease implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(ChunkLease.class);

  private final ReaderEnd reader;
  private final int slot;
  private final long position;
  private final MappedSegment[] segments;
  private final AtomicBoolean returned = new AtomicBoolean();

  ChunkLease(ReaderEnd reader, int slot, long position, MappedSegment[] segments) {
    this.reader = reader;
    this.slot = slot;
    this.position = position;
    this.segments = segments;
  }

  /** Tells who has the chunk now. */
  void track(LeasedChunk chunk) {
    if (Tracking.isOn()) {
      Tracking.taken(this, chunk, reader.storeName(), reader);
    }
  }

  boolean isReturned() {
    return returned.get();
  }

  MappedSegment[] segments() {
    return segments;
  }

  int slot() {
    return slot;
  }

  /** Returns the lease, because the chunk was used. */
  void release() {
    if (unmap()) {
      reader.release(slot, position);
    }
  }

  /** Ends the lease here only, as the chunk was not used. */
  boolean unmap() {
    boolean first = returned.compareAndSet(false, true);
    if (first) {
      Tracking.returned(this);
      SegmentCache.release(segments, segments.length);
    }
    return first;
  }

  /** Run by the cleaner when the chunk is unreachable. */
  @Override
  public void run() {
    if (!isReturned()) {
      Tracking.lost(this);
      log.warn(
          "A chunk was never closed: position {} of {}, taken by the reader opened at {}",
          position,
          reader.describe(),
          reader.openedAt());
      release();
    }
  }
}
