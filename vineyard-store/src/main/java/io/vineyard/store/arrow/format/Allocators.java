package io.vineyard.store.arrow.format;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** The allocators of this package. */
public final class Allocators {
  /**
   * Where vectors over foreign memory get the little that they allocate themselves: validity that a
   * sender left out, and the offsets of slices.
   */
  public static final BufferAllocator VIEWS = new RootAllocator();

  private Allocators() {}
}
