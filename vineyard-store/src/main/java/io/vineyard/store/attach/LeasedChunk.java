package io.vineyard.store.attach;

import io.vineyard.store.Chunk;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** A delivered chunk. */
final class LeasedChunk implements Chunk {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long position;
  private final long dataBytes;
  private final ByteBuffer header;
  private final ChunkLease lease;
  private Cleaner.@Nullable Cleanable cleanable;

  LeasedChunk(long position, long dataBytes, ByteBuffer header, ChunkLease lease) {
    this.position = position;
    this.dataBytes = dataBytes;
    this.header = header;
    this.lease = lease;
  }

  /** Has the lease returned if whoever gets the chunk now loses it; before anybody does. */
  void watch() {
    cleanable = CLEANER.register(this, lease);
    lease.track(this);
  }

  int slot() {
    return lease.slot();
  }

  /** Ends the lease as if the chunk had never been leased; false if it was closed. */
  boolean forget() {
    boolean first = lease.unmap();
    unwatch();
    return first;
  }

  private void unwatch() {
    if (cleanable != null) {
      cleanable.clean();
    }
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public ByteBuffer header() {
    return header.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public long dataBytes() {
    return dataBytes;
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
    unwatch();
  }
}
