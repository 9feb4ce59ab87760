package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BytesAccess;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.util.List;

/** A chunk that is being read. It is released when the last of the blobs in it is gone. */
final class ChunkBacking implements Backing {
  private final Hosting hosting;
  private final SegmentMaps maps;
  private final HostedReader from;
  private final HostedReader.Taken taken;
  private int left = 1;

  ChunkBacking(Hosting hosting, SegmentMaps maps, HostedReader from, HostedReader.Taken taken) {
    this.hosting = hosting;
    this.maps = maps;
    this.from = from;
    this.taken = taken;
  }

  @Override
  public long[] segments() {
    return taken.chunk().segments();
  }

  @Override
  public BytesAccess bytes() {
    long[] segments = segments();
    long[] starts = new long[segments.length];
    long[] capacities = new long[segments.length];
    for (int i = 0; i < segments.length; i++) {
      check(segments[i]);
      Mapping mapping = maps.get(segments[i]);
      starts[i] = mapping.address();
      capacities[i] = mapping.capacityBytes();
    }
    return (offset, sizeBytes) -> {
      long rest = offset;
      for (int i = 0; i < starts.length; i++) {
        if (isInside(rest, sizeBytes, capacities[i])) {
          return starts[i] + rest;
        }
        rest -= capacities[i];
      }
      throw Backing.outside(offset, sizeBytes);
    };
  }

  /** A writer must not show what the store has not said that its stream lies in. */
  private void check(long segment) {
    if (!hosting.knowsSegment(segment)) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR, "expected a segment of the stream, got segment " + segment);
    }
  }

  private static boolean isInside(long offset, long sizeBytes, long capacity) {
    return offset >= 0 && offset < capacity && sizeBytes >= 0 && sizeBytes <= capacity - offset;
  }

  @Override
  public ObjectId add(long offset, long sizeBytes) {
    long rest = offset;
    for (long segment : segments()) {
      check(segment);
      Segment memory = hosting.segment(segment);
      long capacity = memory == null ? 0 : memory.capacityBytes();
      if (isInside(rest, sizeBytes, capacity)) {
        ObjectId id = hosting.nextBlob();
        hosting.addBlob(id, segment, rest, sizeBytes, this::gone);
        left++;
        return id;
      }
      rest -= capacity;
    }
    throw Backing.outside(offset, sizeBytes);
  }

  private void gone() {
    left--;
    if (left == 0) {
      from.release(taken);
    }
  }

  private void lost() {
    left--;
    if (left == 0) {
      from.putBack(taken);
    }
  }

  /** Returns what is made of the chunk, which goes with it unless somebody else has it as well. */
  Rendered rendered(ObjectId root) {
    return new Rendered(
        root,
        () -> {
          delete(root);
          gone();
        },
        () -> {
          delete(root);
          lost();
        });
  }

  private void delete(ObjectId root) {
    List<ObjectId> unused = hosting.delete(List.of(root), false, true);
  }
}
