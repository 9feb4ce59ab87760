package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Every segment that the store has told this client of. Each is mapped once, by a thread that may
 * take its time, and stays mapped until the store closes it and nobody here reads it any more.
 */
final class SegmentCache {
  private final Executor mapper;
  private final Map<Long, MappedSegment> segments = new HashMap<>();
  private boolean closed;

  SegmentCache(Executor mapper) {
    this.mapper = mapper;
  }

  /**
   * Maps a segment to read in, in the background; closes the reference that came with it.
   *
   * @param onMapped run as soon as it is mapped, or can't be
   */
  void share(long id, Segment segment, Runnable onMapped) {
    MappedSegment mapped = new MappedSegment(id, segment.capacityBytes(), 1);
    add(mapped, segment, Segment.Access.READ_ONLY);
    mapped.whenSettled(onMapped);
  }

  /** Maps a ring, at once, as it is small; the caller gets the only reference to it. */
  static MappedSegment ring(Segment segment) {
    MappedSegment mapped = new MappedSegment(0, segment.capacityBytes(), 1);
    map(mapped, segment, Segment.Access.READ_WRITE);
    return mapped;
  }

  /** Maps a segment to write in, otherwise as {@link #share}; the caller gets a reference to it. */
  MappedSegment lease(long id, Segment segment) {
    MappedSegment mapped = new MappedSegment(id, segment.capacityBytes(), 2);
    add(mapped, segment, Segment.Access.READ_WRITE);
    return mapped;
  }

  private void add(MappedSegment mapped, Segment segment, Segment.Access access) {
    synchronized (segments) {
      if (!closed) {
        segments.put(mapped.id(), mapped);
      } else {
        segment.close();
        mapped.settle(null, gone());
        return;
      }
    }
    try {
      mapper.execute(() -> map(mapped, segment, access));
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // The latter is how a JVM says that it cannot start a thread.
      segment.close();
      mapped.settle(
          null,
          VineyardException.of(
              ErrorCode.LIMIT_REACHED, "expected a thread to map a segment: " + e.getMessage(), e));
    }
  }

  private static void map(MappedSegment mapped, Segment segment, Segment.Access access) {
    try {
      Mapping mapping = segment.map(access);
      segment.close();
      mapped.settle(mapping, null);
    } catch (VineyardException e) {
      segment.close();
      mapped.settle(null, e);
    }
  }

  /**
   * Returns segments that a chunk or a blob lies in, with a reference to each for the caller; null
   * if this client is being closed, which whatever the store still sends then does not know.
   */
  MappedSegment @Nullable [] retain(long... ids) {
    MappedSegment[] found = new MappedSegment[ids.length];
    synchronized (segments) {
      if (closed) {
        return null;
      }
      for (int i = 0; i < ids.length; i++) {
        MappedSegment segment = segments.get(ids[i]);
        if (segment == null) {
          release(found, i);
          throw VineyardException.of(
              ErrorCode.PROTOCOL_ERROR, "expected a segment that was shared, got " + ids[i]);
        }
        found[i] = segment.retain();
      }
    }
    return found;
  }

  /**
   * Does what {@link #retain} does, if all of these segments are known and mapped, or will never
   * be; else returns null, and runs a task when one of them has been mapped.
   *
   * @throws VineyardException if this client is being closed
   */
  MappedSegment @Nullable [] retainMapped(long[] ids, Runnable onMapped) {
    MappedSegment[] found = new MappedSegment[ids.length];
    MappedSegment pending = null;
    synchronized (segments) {
      if (closed) {
        throw gone();
      }
      for (int i = 0; i < ids.length; i++) {
        MappedSegment segment = segments.get(ids[i]);
        if (segment == null || !segment.isSettled()) {
          release(found, i);
          pending = segment;
          found = null;
          break;
        }
        found[i] = segment.retain();
      }
    }
    if (pending != null) {
      pending.whenSettled(onMapped);
    }
    return found;
  }

  /** Returns whether all of these segments were shared with this client. */
  boolean knows(long[] ids) {
    synchronized (segments) {
      return Arrays.stream(ids).allMatch(segments::containsKey);
    }
  }

  static VineyardException gone() {
    return VineyardException.of(
        ErrorCode.STORE_LOST, "expected an open client to map segments, it was closed");
  }

  static void release(MappedSegment[] segments, int count) {
    for (int i = 0; i < count; i++) {
      segments[i].release();
    }
  }

  /** The store has closed a segment. */
  void closed(long id) {
    MappedSegment segment;
    synchronized (segments) {
      segment = segments.remove(id);
    }
    if (segment != null) {
      segment.release();
    }
  }

  /** The store is gone: every segment is unmapped as soon as nobody reads it. */
  void close() {
    List<MappedSegment> all;
    synchronized (segments) {
      closed = true;
      all = new ArrayList<>(segments.values());
      segments.clear();
    }
    all.forEach(MappedSegment::release);
  }
}
