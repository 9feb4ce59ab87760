package io.vineyard.store.attach;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.RingLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A chunk before it is published. */
final class Draft implements ChunkDraft {
  private static final long[] NO_SEGMENTS = {};

  private final AttachedStore store;
  private MappedSegment[] segments = new MappedSegment[1];
  private int count;
  private @Nullable ByteBuffer header;
  private long dataBytes;
  private Runnable onReclaimed = () -> {};
  private @Nullable Descriptor descriptor;
  private @Nullable PoolAllocation overflow;

  Draft(AttachedStore store) {
    this.store = store;
  }

  @Override
  public long offsetOf(long address, long sizeBytes) {
    long before = 0;
    for (int i = 0; i < count; i++) {
      long offset = address - segments[i].base();
      if (offset >= 0 && sizeBytes <= segments[i].capacityBytes() - offset) {
        return before + offset;
      }
      before += segments[i].capacityBytes();
    }
    MappedSegment segment = store.findWritable(address, sizeBytes);
    if (segment == null) {
      return -1;
    }
    if (count == segments.length) {
      segments = Arrays.copyOf(segments, count * 2);
    }
    segments[count++] = segment;
    return before + address - segment.base();
  }

  @Override
  public ChunkDraft complete(ByteBuffer bytes, long size, Runnable reclaimed) {
    header = Descriptor.copyOfHeader(bytes);
    long capacityBytes = 0;
    for (int i = 0; i < count; i++) {
      capacityBytes += segments[i].capacityBytes();
    }
    // memory that several parts of a chunk share was counted for each of them
    dataBytes = Math.min(size, capacityBytes);
    onReclaimed = reclaimed;
    return this;
  }

  /**
   * Makes the draft fit a slot, if need be by taking memory for its header.
   *
   * @return false if there is no memory for it now
   */
  boolean fit(RingLayout layout) {
    ByteBuffer bytes = header;
    if (bytes == null) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a draft that is complete, got one that is not");
    }
    if (count >= layout.mostSegments()) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected a chunk in less than %d segments, got one in %d"
              .formatted(layout.mostSegments(), count));
    }
    if (layout.fits(count, bytes.remaining())) {
      descriptor = Descriptor.of(dataBytes, segments(count), bytes);
      return true;
    }
    PoolAllocation taken = store.streamPool().tryAllocate(bytes.remaining());
    if (taken == null) {
      return false;
    }
    Mapping.view(taken.address(), bytes.remaining()).put(bytes.duplicate());
    long[] lies = segments(count + 1);
    lies[count] = taken.segmentId();
    descriptor = Descriptor.overflowing(dataBytes, lies, taken.offset(), bytes.remaining());
    overflow = taken;
    return true;
  }

  private long[] segments(int length) {
    long[] ids = length == 0 ? NO_SEGMENTS : new long[length];
    for (int i = 0; i < count; i++) {
      ids[i] = segments[i].id();
    }
    return ids;
  }

  /** Gives back what {@link #fit} took; the draft was not published. */
  void unfit() {
    if (overflow != null) {
      overflow.free();
      overflow = null;
    }
  }

  Descriptor descriptor() {
    return Objects.requireNonNull(descriptor, "descriptor");
  }

  Runnable onReclaimed() {
    PoolAllocation taken = overflow;
    Runnable reclaimed = onReclaimed;
    if (taken == null) {
      return reclaimed;
    }
    return () -> {
      taken.free();
      reclaimed.run();
    };
  }
}
