package io.vineyard.store.attach;

import io.vineyard.store.Chunk;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.ChunkBody;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A delivered chunk. */
final class LeasedChunk implements Chunk {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long position;
  private final ChunkBody body;
  private final ChunkLease lease;

  LeasedChunk(long position, ChunkBody body, ChunkLease lease) {
    this.position = position;
    this.body = body;
    this.lease = lease;
  }

  /** Has the lease returned if whoever gets the chunk now loses it. */
  void watch() {
    CLEANER.register(this, lease);
  }

  ChunkLease lease() {
    return lease;
  }

  /** Returns whether all segments are mapped, or will never be. */
  boolean isSettled() {
    for (MappedSegment segment : lease.segments()) {
      if (!segment.isSettled()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public ByteBuffer header() {
    return body.header().duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public long dataBytes() {
    return body.dataBytes();
  }

  @Override
  public long address(long offset, long sizeBytes) {
    if (lease.isReturned()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open chunk, position " + position + " is closed");
    }
    long rest = offset;
    if (rest >= 0 && sizeBytes >= 0) {
      for (MappedSegment segment : lease.segments()) {
        if (rest < segment.capacityBytes()) {
          return segment.address(rest, sizeBytes);
        }
        rest -= segment.capacityBytes();
      }
    }
    throw VineyardException.of(
        ErrorCode.INVALID,
        "expected bytes within the "
            + lease.segments().length
            + " segments of chunk "
            + position
            + ", got "
            + sizeBytes
            + " at "
            + offset);
  }

  @Override
  public void close() {
    lease.release();
  }
}
