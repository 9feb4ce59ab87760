package io.vineyard.store.arrow;

import io.vineyard.store.SharedMemory;
import java.util.Objects;
import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ReferenceManager;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/** Gives Arrow vectors memory that can be published without a copy. */
final class SharedAllocator {
  /** What Arrow's format recommends; its own policies round up to much more. */
  private static final long ALIGNMENT_BYTES = 64;

  private SharedAllocator() {}

  static BufferAllocator over(SharedMemory memory) {
    Objects.requireNonNull(memory, "memory");
    return new RootAllocator(
        RootAllocator.configBuilder()
            .allocationManagerFactory(new SharedFactory(memory))
            .roundingPolicy(size -> (size + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES)
            .build());
  }

  private record SharedFactory(SharedMemory memory) implements AllocationManager.Factory {
    @Override
    public AllocationManager create(BufferAllocator accounting, long sizeBytes) {
      SharedMemory.Allocation allocation = allocate(sizeBytes);
      if (allocation == null) {
        return new OrdinaryMemoryUse(accounting, sizeBytes);
      }
      try {
        return new SharedMemoryUse(accounting, allocation);
      } catch (RuntimeException closed) {
        allocation.free();
        throw closed;
      }
    }

    private SharedMemory.@Nullable Allocation allocate(long sizeBytes) {
      return Schedulers.isInNonBlockingThread()
          ? memory.tryAllocate(sizeBytes)
          : memory.allocate(sizeBytes);
    }

    @Override
    public ArrowBuf empty() {
      return new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0);
    }
  }

  private static final class SharedMemoryUse extends AllocationManager {
    private final SharedMemory.Allocation allocation;

    SharedMemoryUse(BufferAllocator accounting, SharedMemory.Allocation allocation) {
      super(accounting);
      this.allocation = allocation;
    }

    @Override
    public long getSize() {
      return allocation.sizeBytes();
    }

    @Override
    protected long memoryAddress() {
      return allocation.address();
    }

    @Override
    protected void release0() {
      allocation.free();
    }
  }

  private static final class OrdinaryMemoryUse extends AllocationManager {
    private final long sizeBytes;
    private final long address;

    OrdinaryMemoryUse(BufferAllocator accounting, long sizeBytes) {
      super(accounting);
      this.sizeBytes = sizeBytes;
      this.address = MemoryUtil.allocateMemory(sizeBytes);
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
    }
  }
}
