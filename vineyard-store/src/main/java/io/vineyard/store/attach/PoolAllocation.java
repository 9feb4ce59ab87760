package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Tracking;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Mono;

/** Memory cut from a leased segment. */
final class PoolAllocation implements SharedMemory.Allocation {
  /** Memory that becomes a blob. */
  record OfBlob(AttachedStore store, PoolAllocation memory) implements MappedBlobWriter.Memory {
    @Override
    public long address() {
      return memory.address();
    }

    @Override
    public long sizeBytes() {
      return memory.sizeBytes();
    }

    @Override
    public Mono<ObjectId> seal() {
      return store.sealBlob(memory);
    }

    @Override
    public void free() {
      memory.free();
    }
  }

  private final SegmentPool pool;
  private final LeasedSegment segment;
  private final long offset;
  private final long sizeBytes;
  private final AtomicBoolean ended = new AtomicBoolean();

  PoolAllocation(SegmentPool pool, LeasedSegment segment, long offset, long sizeBytes) {
    this.pool = pool;
    this.segment = segment;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
  }

  /** Tells who has the memory now: somebody who frees it, not a blob. */
  PoolAllocation tracked(Link link) {
    if (Tracking.isOn()) {
      Tracking.taken(this, this, link.describe(), null);
    }
    return this;
  }

  @Override
  public long address() {
    return segment.base + offset;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  long segmentId() {
    return segment.mapped.id();
  }

  long offset() {
    return offset;
  }

  @Override
  public void free() {
    end();
    pool.free(segment, offset, true);
  }

  /** Leaves the memory to a sealed blob; the store says when it is back. */
  void seal() {
    end();
    pool.seal(segment);
  }

  /** Takes the memory back from a blob that the store refused to seal. */
  void unseal() {
    pool.free(segment, offset, false);
  }

  private void end() {
    if (!ended.compareAndSet(false, true)) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED,
          "expected memory in use, "
              + sizeBytes
              + " bytes at "
              + offset
              + " of segment "
              + segmentId()
              + " were freed or sealed before");
    }
    Tracking.returned(this);
  }
}
