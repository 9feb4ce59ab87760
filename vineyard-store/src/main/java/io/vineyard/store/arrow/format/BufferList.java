package io.vineyard.store.arrow.format;

import io.vineyard.store.SharedMemory;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.ReferenceManager;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/** Where the buffers of vectors are, and what a message has to say of them; used by one thread. */
public final class BufferList implements VectorWalk.Visitor {
  private static final long ALIGNMENT_BYTES = 64;
  private static final int FIRST_ENTRIES = 16;

  /** Says that nulls are not counted, which readers do when they want to know. */
  public static final long NOT_COUNTED = -1;

  private final boolean countNulls;
  private long[] addresses = new long[FIRST_ENTRIES];
  private long[] sizes = new long[FIRST_ENTRIES];
  private @Nullable ReferenceManager[] owners = new ReferenceManager[FIRST_ENTRIES];
  private long[] values = new long[FIRST_ENTRIES];
  private long[] nulls = new long[FIRST_ENTRIES];
  private long[] variadic = new long[1];
  private int buffers;
  private int vectors;
  private int views;
  private long occupiedBytes;

  /** Begins; {@code countNulls} has nulls counted, which touches all validity. */
  public BufferList(boolean countNulls) {
    this.countNulls = countNulls;
  }

  /** Begins anew with these vectors. */
  public BufferList gather(List<FieldVector> columns) {
    buffers = 0;
    vectors = 0;
    views = 0;
    occupiedBytes = 0;
    VectorWalk.visit(columns, this);
    return this;
  }

  @Override
  public void vector(FieldVector vector) {
    if (vectors == values.length) {
      values = Arrays.copyOf(values, 2 * vectors);
      nulls = Arrays.copyOf(nulls, 2 * vectors);
    }
    values[vectors] = vector.getValueCount();
    nulls[vectors++] = countNulls ? vector.getNullCount() : NOT_COUNTED;
  }

  @Override
  public void buffer(ArrowBuf buffer) {
    if (buffers == sizes.length) {
      sizes = Arrays.copyOf(sizes, 2 * buffers);
      addresses = Arrays.copyOf(addresses, 2 * buffers);
      owners = Arrays.copyOf(owners, 2 * buffers);
    }
    boolean leftOut = buffer.getReferenceManager() instanceof AllValid;
    long size = leftOut ? 0 : Vectors.sizeBytes(buffer);
    sizes[buffers] = size;
    owners[buffers] = size == 0 ? null : buffer.getReferenceManager();
    addresses[buffers++] = size == 0 ? 0 : buffer.memoryAddress();
    occupiedBytes += size == 0 ? 0 : buffer.capacity();
  }

  @Override
  public void variadic(int dataBuffers) {
    if (views == variadic.length) {
      variadic = Arrays.copyOf(variadic, 2 * views);
    }
    variadic[views++] = dataBuffers;
  }

  /** Returns how many buffers there are. */
  public int buffers() {
    return buffers;
  }

  /** Returns where a buffer is. */
  public long address(int index) {
    return addresses[index];
  }

  /** Returns how many bytes a buffer has. */
  public long size(int index) {
    return sizes[index];
  }

  /** Returns how much memory the buffers take, with what they have reserved. */
  public long occupiedBytes() {
    return occupiedBytes;
  }

  /** Returns how many bytes the buffers take one behind the other, aligned. */
  public long alignedBytes() {
    long sum = 0;
    for (int i = 0; i < buffers; i++) {
      sum += aligned(sizes[i]);
    }
    return sum;
  }

  /** Returns how many bytes have to be copied to be in shared memory, aligned. */
  public long foreignBytes(SharedMemory memory) {
    long sum = 0;
    for (int i = 0; i < buffers; i++) {
      sum += isForeign(i, memory) ? aligned(sizes[i]) : 0;
    }
    return sum;
  }

  /** Copies what is foreign to an address, and from then on lists it there. */
  public void copyForeign(SharedMemory memory, long target) {
    long next = target;
    for (int i = 0; i < buffers; i++) {
      if (isForeign(i, memory)) {
        MemoryUtil.copyMemory(addresses[i], next, sizes[i]);
        addresses[i] = next;
        owners[i] = null;
        next += aligned(sizes[i]);
      }
    }
  }

  /**
   * Takes a reference to all memory that the buffers lie in, but for what was copied, and forgets
   * whose it is. Whoever gets the result releases each of its elements once.
   */
  public ReferenceManager[] takeOwners() {
    int count = 0;
    for (int i = 0; i < buffers; i++) {
      ReferenceManager owner = owners[i];
      owners[i] = null;
      // buffers of one batch often lie in one piece
      if (owner != null && (count == 0 || owners[count - 1] != owner)) {
        owners[count++] = owner;
      }
    }
    ReferenceManager[] taken = new ReferenceManager[count];
    System.arraycopy(owners, 0, taken, 0, count);
    Arrays.fill(owners, 0, count, null);
    int retained = 0;
    try {
      for (; retained < count; retained++) {
        taken[retained].retain();
      }
      return taken;
    } catch (RuntimeException closed) {
      for (int i = 0; i < retained; i++) {
        taken[i].release();
      }
      throw closed;
    }
  }

  private boolean isForeign(int index, SharedMemory memory) {
    return sizes[index] != 0 && !memory.contains(addresses[index], sizes[index]);
  }

  /** Returns whether this lists the very same bytes. */
  public boolean listsSameBytes(BufferList that) {
    return Arrays.equals(addresses, 0, buffers, that.addresses, 0, that.buffers)
        && Arrays.equals(sizes, 0, buffers, that.sizes, 0, that.buffers)
        && Arrays.equals(values, 0, vectors, that.values, 0, that.vectors);
  }

  /** Tells a message about the vectors, and where the buffers are by some counting. */
  public void describe(MessageBuilder message, Offsets offsets) {
    message.begin();
    for (int i = 0; i < vectors; i++) {
      message.node(values[i], nulls[i]);
    }
    for (int i = 0; i < buffers; i++) {
      message.buffer(sizes[i] == 0 ? 0 : offsets.of(i, addresses[i], sizes[i]), sizes[i]);
    }
    for (int i = 0; i < views; i++) {
      message.variadic(variadic[i]);
    }
  }

  /** Tells a message about the vectors, whose buffers lie one behind the other; returns the end. */
  public long describeInSequence(MessageBuilder message, long start) {
    long[] end = {start};
    describe(
        message,
        (index, address, size) -> {
          long at = end[0];
          end[0] += aligned(size);
          return at;
        });
    return end[0];
  }

  /** Sets the size that a message will say, for a buffer that was compressed. */
  public void resize(int index, long sizeBytes) {
    sizes[index] = sizeBytes;
  }

  /** Says where a buffer is. */
  public interface Offsets {
    /** Returns the offset of buffer {@code index}. */
    long of(int index, long address, long sizeBytes);
  }

  /** Returns a size rounded up to the alignment of buffers. */
  public static long aligned(long sizeBytes) {
    return (sizeBytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }
}
