package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.memory.SubAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Memory of this process in which chunks are made, and kept when they are received: a server
 * neither lets a writer take memory ahead of need nor keeps a chunk that was read. Thread-safe.
 */
final class ProcessMemory implements SharedMemory {
  private static final long FIRST_BYTES = 1 << 20;
  private static final long MOST_BYTES = 16 << 20;

  /** Memory that is cut into pieces. */
  static final class Region {
    private final Mapping mapping;
    private final SubAllocator pieces;

    Region(Mapping mapping) {
      this.mapping = mapping;
      this.pieces = new SubAllocator(mapping.capacityBytes());
    }

    long base() {
      return mapping.address();
    }

    long capacityBytes() {
      return mapping.capacityBytes();
    }

    boolean has(long address, long sizeBytes) {
      long offset = address - base();
      return offset >= 0 && sizeBytes >= 0 && sizeBytes <= capacityBytes() - offset;
    }
  }

  private final class Piece implements Allocation {
    private final Region region;
    private final long offset;
    private final long sizeBytes;
    private final AtomicBoolean freed = new AtomicBoolean();

    Piece(Region region, long offset, long sizeBytes) {
      this.region = region;
      this.offset = offset;
      this.sizeBytes = sizeBytes;
    }

    @Override
    public long address() {
      return region.base() + offset;
    }

    @Override
    public long sizeBytes() {
      return sizeBytes;
    }

    @Override
    public void free() {
      if (!freed.compareAndSet(false, true)) {
        throw VineyardException.of(
            ErrorCode.ALREADY_STOPPED, "expected memory that is allocated, it was freed");
      }
      ProcessMemory.this.free(region, offset);
    }
  }

  // Guarded by this.
  private final List<Region> regions = new ArrayList<>();
  private long nextBytes = FIRST_BYTES;
  private @Nullable VineyardException refusal;
  private @Nullable VineyardException closed;

  @Override
  public synchronized Allocation allocate(long sizeBytes) {
    if (closed != null) {
      throw closed;
    }
    if (sizeBytes < 0) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a size of at least 0 bytes, got " + sizeBytes);
    }
    return take(sizeBytes);
  }

  /** Takes memory for what has come from the store, which may be closed meanwhile. */
  synchronized Allocation take(long sizeBytes) {
    long wanted = Math.max(1, sizeBytes);
    for (Region region : regions) {
      long offset = region.pieces.allocate(wanted);
      if (offset >= 0) {
        return new Piece(region, offset, sizeBytes);
      }
    }
    Region added = add(Math.max(nextBytes, roundUp(wanted)));
    nextBytes = Math.min(2 * nextBytes, MOST_BYTES);
    return new Piece(added, added.pieces.allocate(wanted), sizeBytes);
  }

  private static long roundUp(long bytes) {
    return (bytes + SubAllocator.UNIT_BYTES - 1) & -SubAllocator.UNIT_BYTES;
  }

  private Region add(long capacityBytes) {
    try (Segment segment = Segment.create("vineyard-chunks", capacityBytes)) {
      Region region = new Region(segment.map(Segment.Access.READ_WRITE));
      regions.add(region);
      return region;
    }
  }

  @Override
  public synchronized @Nullable Allocation tryAllocate(long sizeBytes) {
    if (refusal != null) {
      return null;
    }
    try {
      return allocate(sizeBytes);
    } catch (VineyardException e) {
      if (e.code() == ErrorCode.INVALID) {
        throw e;
      }
      refusal = e;
      return null;
    }
  }

  private synchronized void free(Region region, long offset) {
    region.pieces.free(offset);
    askAgain();
    // One stays for what comes next.
    if (region.pieces.isEmpty() && (regions.size() > 1 || closed != null)) {
      regions.remove(region);
      region.mapping.close();
    }
  }

  @Override
  public synchronized @Nullable VineyardException refusal() {
    return refusal == null ? closed : refusal;
  }

  @Override
  public synchronized void askAgain() {
    refusal = null;
  }

  @Override
  public boolean contains(long address, long sizeBytes) {
    return find(address, sizeBytes) != null;
  }

  synchronized @Nullable Region find(long address, long sizeBytes) {
    for (Region region : regions) {
      if (region.has(address, sizeBytes)) {
        return region;
      }
    }
    return null;
  }

  /** Gives no more; what is allocated stays until it is freed. */
  synchronized void close(VineyardException reason) {
    closed = reason;
    for (Region region : List.copyOf(regions)) {
      if (region.pieces.isEmpty()) {
        regions.remove(region);
        region.mapping.close();
      }
    }
  }

  /** Copies bytes that do not overlap. */
  static void copy(long from, long to, long sizeBytes) {
    final int most = 1 << 30;
    for (long done = 0; done < sizeBytes; done += most) {
      int size = (int) Math.min(most, sizeBytes - done);
      Mapping.view(to + done, size).put(Mapping.view(from + done, size));
    }
  }
}
