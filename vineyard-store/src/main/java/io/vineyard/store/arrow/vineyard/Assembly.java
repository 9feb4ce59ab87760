package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.BatchLoader;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.arrow.format.ValueCheck;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.FieldVector;

/**
 * Collects the buffers of a batch from anywhere, and loads it through the checks that messages of
 * other senders go through. An offset in its message is the number of a buffer. Used by one thread.
 */
final class Assembly implements AutoCloseable {
  private static final long LEAST_COPIED_BYTES = 1 << 20;

  private final BlobBytes blobs;
  private final ForeignMemory memory;
  private final MessageBuilder message = new MessageBuilder();
  private final List<ArrowBuf> buffers = new ArrayList<>();
  private final List<ArrowBuf> copies = new ArrayList<>();
  private long seenBytes;
  private long copiedBytes;

  /** Begins; the memory is what the blobs lie in. */
  Assembly(BlobBytes blobs, ForeignMemory memory) {
    this.blobs = blobs;
    this.memory = memory;
    message.begin();
  }

  /** Returns where a blob that is a member is. */
  Region blob(Tree tree, String name) {
    Region region = tree.blob(name, blobs);
    seenBytes += region.sizeBytes();
    return region;
  }

  /** Adds a vector, before its buffers and its children. */
  void node(long values, long nulls) {
    message.node(values, nulls);
  }

  /** Adds a buffer that is left out. */
  void none() {
    message.buffer(0, 0);
  }

  /** Adds a buffer in place. */
  void inPlace(Region region) {
    if (region.sizeBytes() == 0) {
      none();
    } else {
      add(memory.view(region.address(), region.sizeBytes()));
    }
  }

  private void add(ArrowBuf buffer) {
    message.buffer(buffers.size(), buffer.capacity());
    buffers.add(buffer);
  }

  /** Adds bits, in place if they begin with a byte. */
  void bits(Region region, long offset, long count, String what) {
    long sizeBytes = (count + Byte.SIZE - 1) / Byte.SIZE;
    int shift = (int) (offset % Byte.SIZE);
    if (count == 0) {
      none();
      return;
    }
    region.first((offset + count + Byte.SIZE - 1) / Byte.SIZE, what);
    Region bytes = region.part(offset / Byte.SIZE, Long.MAX_VALUE);
    if (shift == 0) {
      inPlace(bytes.first(sizeBytes, what));
      return;
    }
    ArrowBuf copy = copy(sizeBytes);
    for (long i = 0; i < sizeBytes; i++) {
      int low = (MemoryUtil.getByte(bytes.address() + i) & 0xFF) >>> shift;
      int high = i + 1 < bytes.sizeBytes() ? MemoryUtil.getByte(bytes.address() + i + 1) : 0;
      copy.setByte(i, low | high << (Byte.SIZE - shift));
    }
    add(copy);
  }

  /** Says of each value whether its bit is set. */
  interface Bit {
    boolean isSet(long index);
  }

  /** Adds bits that are made. */
  void made(long count, Bit bit) {
    ArrowBuf copy = copy((count + Byte.SIZE - 1) / Byte.SIZE);
    for (long i = 0; i < copy.capacity(); i++) {
      int bits = 0;
      for (int j = 0; j < Byte.SIZE && i * Byte.SIZE + j < count; j++) {
        bits |= bit.isSet(i * Byte.SIZE + j) ? 1 << j : 0;
      }
      copy.setByte(i, bits);
    }
    add(copy);
  }

  /** Columns may share a blob, so that few bytes describe copies without end. */
  private ArrowBuf copy(long sizeBytes) {
    copiedBytes += sizeBytes;
    long most = Math.max(LEAST_COPIED_BYTES, seenBytes);
    if (copiedBytes > most) {
      throw Malformed.tooLarge("bytes of bits that must be moved", most, copiedBytes);
    }
    try {
      ArrowBuf copy = Allocators.VIEWS.buffer(sizeBytes);
      copies.add(copy);
      return copy.capacity() == sizeBytes ? copy : copy.slice(0, sizeBytes);
    } catch (OutOfMemoryError full) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "expected memory for " + sizeBytes + " bytes of bits, got none",
          full);
    }
  }

  /** Makes the vectors, which the caller closes. */
  Columns load(BatchSchema schema, int rows) {
    Message built =
        Message.getRootAsMessage(message.recordBatch(rows, 0, MessageBuilder.NOT_COMPRESSED));
    BatchMessages.Columns columns = BatchMessages.readBatch(built, schema, new Body());
    try {
      ValueCheck.check(columns.vectors(), schema.plans(), DictionarySet.EMPTY);
      return Columns.of(schema, columns.vectors(), rows);
    } catch (RuntimeException malformed) {
      columns.vectors().forEach(FieldVector::close);
      throw malformed;
    }
  }

  /** Lets go of what was copied; vectors have references of their own. */
  @Override
  public void close() {
    copies.forEach(ArrowBuf::close);
    copies.clear();
  }

  private final class Body implements BatchLoader.Body {
    @Override
    public ArrowBuf buffer(long offset, long sizeBytes) {
      return buffers.get((int) offset);
    }

    @Override
    public void done(ArrowBuf buffer) {
      // views are no references, and copies are let go of together
    }
  }
}
