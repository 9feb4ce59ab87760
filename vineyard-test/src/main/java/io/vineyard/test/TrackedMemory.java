package io.vineyard.test;

import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ReferenceManager;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;

/** Ordinary memory for Arrow, of which the ledger knows where it was taken. */
final class TrackedMemory {
  private static final String NAME = "memory of a BufferAllocator";

  private TrackedMemory() {}

  static RootAllocator allocator() {
    return new RootAllocator(
        RootAllocator.configBuilder().allocationManagerFactory(new TrackedFactory()).build());
  }

  private record TrackedFactory() implements AllocationManager.Factory {
    @Override
    public AllocationManager create(BufferAllocator accounting, long sizeBytes) {
      return new TrackedUse(accounting, sizeBytes);
    }

    @Override
    public ArrowBuf empty() {
      return new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0);
    }
  }

  private static final class TrackedUse extends AllocationManager {
    private final long sizeBytes;
    private final long address;

    TrackedUse(BufferAllocator accounting, long sizeBytes) {
      super(accounting);
      this.sizeBytes = sizeBytes;
      this.address = MemoryUtil.allocateMemory(sizeBytes);
      Ledger.INSTANCE.memoryTaken(this, Holding.memory(NAME, address, sizeBytes));
    }

    @Override
    public long getSize() {
      return sizeBytes;
    }

    @Override
    protected long memoryAddress() {
      return address;
    }

    @Override
    protected void release0() {
      MemoryUtil.freeMemory(address);
      Ledger.INSTANCE.returned(this);
    }
  }
}
