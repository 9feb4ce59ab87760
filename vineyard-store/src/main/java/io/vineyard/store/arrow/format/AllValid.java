package io.vineyard.store.arrow.format;

import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.MemoryUtil;

/**
 * Validity of columns without nulls, which messages leave out: bits that are all set, shared by the
 * batches of one schema. Counts no references, as it lives as long as it is reached.
 */
final class AllValid extends ForeignMemory {
  private static final int FIRST_BYTES = 4096;
  private static final byte VALID = (byte) 0xff;
  private static final long ALL_BITS = -1;

  /** All that were ever handed out, the largest last. */
  private final List<ByteBuffer> blocks = new ArrayList<>();

  private volatile ArrowBuf largest;

  AllValid() {
    super(() -> {});
    largest = super.view(0, 0);
  }

  /** Returns so many bytes. */
  ArrowBuf bytes(long sizeBytes) {
    ArrowBuf known = largest;
    if (known.capacity() < sizeBytes) {
      known = grow(sizeBytes);
    }
    return super.view(known.memoryAddress(), sizeBytes);
  }

  /** Returns whether nobody has written there; if somebody has, it is as it was afterwards. */
  boolean isIntact(long sizeBytes) {
    long address = largest.memoryAddress();
    for (long at = 0; at < sizeBytes; at += Long.BYTES) { // a block is whole words
      if (MemoryUtil.getLong(address + at) != ALL_BITS) {
        MemoryUtil.setMemory(address, largest.capacity(), VALID);
        return false;
      }
    }
    return true;
  }

  private synchronized ArrowBuf grow(long sizeBytes) {
    if (largest.capacity() < sizeBytes) {
      long size = Math.max(FIRST_BYTES, Long.highestOneBit(Math.max(1, sizeBytes - 1)) << 1);
      ByteBuffer block = ByteBuffer.allocateDirect(Math.toIntExact(size));
      long address = Mapping.addressOf(block);
      MemoryUtil.setMemory(address, size, VALID);
      blocks.add(block);
      largest = super.view(address, size);
    }
    return largest;
  }

  @Override
  public int getRefCount() {
    return 1;
  }

  @Override
  public boolean release(int decrement) {
    return false;
  }

  /** Each view is made for one vector. */
  @Override
  public ArrowBuf retain(ArrowBuf source, BufferAllocator target) {
    return source;
  }

  @Override
  public void retain(int increment) {
    // nothing is counted
  }
}
