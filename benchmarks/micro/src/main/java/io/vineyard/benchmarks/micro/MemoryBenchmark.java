package io.vineyard.benchmarks.micro;

import io.vineyard.store.memory.SubAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The sub-allocator: a piece for one that is given back, among a window of others. */
@State(Scope.Thread)
public class MemoryBenchmark {
  private static final long SEGMENT_BYTES = 64L << 20;
  private static final int WINDOW = 1024;
  private static final int COLUMN_BYTES = 8192;

  private final long[] offsets = new long[WINDOW];
  private SubAllocator allocator = new SubAllocator(SEGMENT_BYTES);
  private int next;

  /** Fills a window. */
  @Setup
  public void fill() {
    allocator = new SubAllocator(SEGMENT_BYTES);
    for (int i = 0; i < WINDOW; i++) {
      offsets[i] = allocator.allocate(COLUMN_BYTES + i % 2);
    }
  }

  /** Frees the oldest piece, and allocates one. */
  @Benchmark
  public long freeAndAllocate() {
    int i = next;
    next = (i + 1) % WINDOW;
    allocator.free(offsets[i]);
    offsets[i] = allocator.allocate(COLUMN_BYTES + i % 2);
    return offsets[i];
  }
}
