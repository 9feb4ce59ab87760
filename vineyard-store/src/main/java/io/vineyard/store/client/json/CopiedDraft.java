package io.vineyard.store.client.json;

import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.ring.Descriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A chunk before it is published, in memory of this process. */
final class CopiedDraft implements ChunkDraft {
  /** Bytes that belong to a chunk: where they are, and as its offsets count. */
  record Range(long offset, long sizeBytes, long address) {}

  private final ProcessMemory memory;
  private final List<ProcessMemory.Region> regions = new ArrayList<>();
  private final List<Range> ranges = new ArrayList<>();
  private @Nullable ByteBuffer header;
  private long dataBytes;
  private Runnable onReclaimed = () -> {};

  CopiedDraft(ProcessMemory memory) {
    this.memory = memory;
  }

  @Override
  public long offsetOf(long address, long sizeBytes) {
    ProcessMemory.Region region = memory.find(address, sizeBytes);
    if (region == null) {
      return -1;
    }
    if (!regions.contains(region)) {
      regions.add(region);
    }
    long offset = address - region.base();
    for (ProcessMemory.Region before : regions) {
      if (before == region) {
        break;
      }
      offset += before.capacityBytes();
    }
    if (sizeBytes > 0) {
      ranges.add(new Range(offset, sizeBytes, address));
    }
    return offset;
  }

  @Override
  public ChunkDraft complete(ByteBuffer bytes, long size, Runnable reclaimed) {
    header = Descriptor.copyOfHeader(bytes);
    // as memory that several parts of a chunk share was counted for each of them
    long capacityBytes = 0;
    for (ProcessMemory.Region region : regions) {
      capacityBytes += region.capacityBytes();
    }
    dataBytes = Math.min(size, capacityBytes);
    onReclaimed = reclaimed;
    return this;
  }

  ByteBuffer header() {
    if (header == null) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a draft that is complete, got one that is not");
    }
    return header.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  long dataBytes() {
    return dataBytes;
  }

  Runnable onReclaimed() {
    return onReclaimed;
  }

  List<Range> ranges() {
    return ranges;
  }

  /** Returns the address of bytes of the chunk. */
  long address(long offset, long sizeBytes) {
    long rest = offset;
    if (rest >= 0 && sizeBytes >= 0) {
      for (ProcessMemory.Region region : regions) {
        if (rest < region.capacityBytes()) {
          return region.has(region.base() + rest, sizeBytes)
              ? region.base() + rest
              : outside(offset, sizeBytes);
        }
        rest -= region.capacityBytes();
      }
    }
    return outside(offset, sizeBytes);
  }

  private static long outside(long offset, long sizeBytes) {
    throw VineyardException.of(
        ErrorCode.INVALID, "expected bytes within a chunk, got " + sizeBytes + " at " + offset);
  }
}
