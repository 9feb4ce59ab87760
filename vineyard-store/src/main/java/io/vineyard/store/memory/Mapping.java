package io.vineyard.store.memory;

import com.sun.jna.LastErrorException;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A segment in the address space of this process, until it is closed. Thread-safe. */
public final class Mapping implements AutoCloseable {
  private static final AtomicInteger OPEN = new AtomicInteger();

  private final long address;
  private final long capacityBytes;
  private final Segment.Access access;
  private final @Nullable Memory memory; // plain memory lives as long as somebody reaches it
  private final AtomicBoolean closed = new AtomicBoolean();

  private Mapping(
      long address, long capacityBytes, Segment.Access access, @Nullable Memory memory) {
    this.address = address;
    this.capacityBytes = capacityBytes;
    this.access = access;
    this.memory = memory;
    OPEN.incrementAndGet();
  }

  static Mapping of(long address, long capacityBytes, Segment.Access access) {
    return new Mapping(address, capacityBytes, access, null);
  }

  static Mapping of(Memory memory, Segment.Access access) {
    return new Mapping(Pointer.nativeValue(memory), memory.size(), access, memory);
  }

  /** Returns how many mappings of this JVM are open. */
  public static int openCount() {
    return OPEN.get();
  }

  /**
   * Returns a view of mapped memory as a little-endian buffer. Nothing but its bounds is checked
   * when it is used: whoever hands it out says how long it is valid.
   */
  public static ByteBuffer view(long address, int sizeBytes) {
    ByteBuffer view =
        sizeBytes == 0 ? ByteBuffer.allocate(0) : new Pointer(address).getByteBuffer(0, sizeBytes);
    return view.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns where the memory of a direct buffer begins; valid as long as it is reachable. */
  public static long addressOf(ByteBuffer direct) {
    return Pointer.nativeValue(Native.getDirectBufferPointer(direct));
  }

  /**
   * Returns the address of the first byte.
   *
   * @throws VineyardException with {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public long address() {
    if (closed.get()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open mapping, it was closed");
    }
    return address;
  }

  /**
   * Returns the address of a part.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if it is not inside, or {@link
   *     ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public long address(long offset, long sizeBytes) {
    if (offset < 0 || sizeBytes < 0 || offset > capacityBytes - sizeBytes) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a part of "
              + capacityBytes
              + " mapped bytes, got "
              + sizeBytes
              + " bytes at "
              + offset);
    }
    return address() + offset;
  }

  /** Returns the capacity in bytes. */
  public long capacityBytes() {
    return capacityBytes;
  }

  /** Returns what the mapping may be used for. */
  public Segment.Access access() {
    return access;
  }

  /** Returns whether the mapping was closed. */
  public boolean isClosed() {
    return closed.get();
  }

  /** Unmaps the segment; any call but the first does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      OPEN.decrementAndGet();
      if (memory == null) {
        try {
          NativeCalls.munmap(address, capacityBytes);
        } catch (LastErrorException e) {
          throw NativeCalls.error("munmap(" + capacityBytes + ")", e);
        }
      }
    }
  }
}
