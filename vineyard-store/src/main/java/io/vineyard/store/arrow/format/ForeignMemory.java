package io.vineyard.store.arrow.format;

import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OwnershipTransferResult;
import org.apache.arrow.memory.ReferenceManager;

/**
 * Counts the references of all buffers over one piece of memory that Arrow did not allocate, and
 * gives it back with the last of them.
 *
 * <p>One counter for a whole batch, instead of a ledger per buffer, is what makes wrapping a batch
 * cheap. It begins with one reference, which belongs to whoever makes it.
 */
public class ForeignMemory implements ReferenceManager {
  private final AtomicInteger references = new AtomicInteger(1);
  private final Runnable onReleased;
  private boolean loading = true;

  /** Begins; {@code onReleased} is run with the last reference. */
  public ForeignMemory(Runnable onReleased) {
    this.onReleased = onReleased;
  }

  /**
   * Gives the first reference back, after vectors were loaded. Up to then a vector that is loaded
   * with a view keeps that view, and does not make a second one.
   */
  public final void endLoad() {
    loading = false;
    release();
  }

  /** Returns a view of these bytes, which does not count as a reference. */
  public final ArrowBuf view(long address, long sizeBytes) {
    ArrowBuf buffer = new ArrowBuf(this, null, sizeBytes, address);
    buffer.writerIndex(sizeBytes);
    return buffer;
  }

  @Override
  public int getRefCount() {
    // Arrow asks before every value: a volatile read here would keep loops from being optimised
    return references.getPlain();
  }

  @Override
  public boolean release() {
    return release(1);
  }

  @Override
  public boolean release(int decrement) {
    int left = references.addAndGet(-decrement);
    if (left < 0) {
      throw new IllegalStateException("expected at least 0 references, got " + left);
    }
    if (left == 0) {
      onReleased.run();
    }
    return left == 0;
  }

  @Override
  public void retain() {
    retain(1);
  }

  @Override
  public void retain(int increment) {
    int before = references.getAndAdd(increment);
    if (before <= 0) {
      references.addAndGet(-increment);
      throw new IllegalStateException("expected memory in use, it was given back before");
    }
  }

  @Override
  public ArrowBuf retain(ArrowBuf source, BufferAllocator target) {
    retain();
    return loading ? source : derived(source, 0, source.capacity());
  }

  @Override
  public ArrowBuf deriveBuffer(ArrowBuf source, long index, long length) {
    return derived(source, index, length);
  }

  private ArrowBuf derived(ArrowBuf source, long index, long length) {
    return new ArrowBuf(this, null, length, source.memoryAddress() + index);
  }

  @Override
  public OwnershipTransferResult transferOwnership(ArrowBuf source, BufferAllocator target) {
    ArrowBuf transferred = retain(source, target);
    transferred.readerIndex(0).writerIndex(source.writerIndex()).readerIndex(source.readerIndex());
    return new Transfer(transferred);
  }

  @Override
  public BufferAllocator getAllocator() {
    return Allocators.VIEWS;
  }

  @Override
  public long getSize() {
    return 0;
  }

  @Override
  public long getAccountedSize() {
    return 0;
  }

  private record Transfer(ArrowBuf buffer) implements OwnershipTransferResult {
    @Override
    public boolean getAllocationFit() {
      return true;
    }

    @Override
    public ArrowBuf getTransferredBuffer() {
      return buffer;
    }
  }
}
