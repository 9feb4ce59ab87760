package io.vineyard.store.arrow;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.memory.ArrowBuf;

/**
 * Bytes as the element of a stream: immutable, in memory that is given back by {@link #close()}.
 *
 * <p>A chunk that was received lies in shared memory and is read in place. Whoever has it closes
 * it. Thread-safe.
 */
public final class ByteChunk implements AutoCloseable {
  private final ArrowBuf buffer;
  private final AtomicBoolean closed = new AtomicBoolean();

  private ByteChunk(ArrowBuf buffer) {
    this.buffer = buffer;
  }

  /**
   * Makes a chunk of the bytes of a buffer up to its writer index, and takes the buffer over. One
   * that a writer's allocator made is published without a copy.
   */
  public static ByteChunk of(ArrowBuf buffer) {
    return new ByteChunk(Objects.requireNonNull(buffer, "buffer"));
  }

  /** Makes a chunk of a blob, in place, and takes the blob over. */
  public static ByteChunk of(Blob blob) {
    if (blob.sizeBytes() == 0) {
      blob.close();
      return copyOf(new byte[0]);
    }
    return new ByteChunk(new ForeignMemory(blob::close).view(blob.address(), blob.sizeBytes()));
  }

  /** Makes a chunk of a copy of these bytes, from the position to the limit. */
  public static ByteChunk copyOf(ByteBuffer bytes) {
    ArrowBuf buffer = Allocators.VIEWS.buffer(bytes.remaining());
    buffer.setBytes(0, bytes.duplicate());
    buffer.writerIndex(bytes.remaining());
    return new ByteChunk(buffer);
  }

  /** Makes a chunk of a copy of these bytes. */
  public static ByteChunk copyOf(byte[] bytes) {
    return copyOf(ByteBuffer.wrap(bytes));
  }

  /** Returns how many bytes there are. */
  public long sizeBytes() {
    return buffer().writerIndex();
  }

  /**
   * Returns the bytes as a buffer of Arrow, for reading until the close.
   *
   * @throws VineyardException with {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public ArrowBuf buffer() {
    if (closed.get()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open chunk of bytes, got one that is closed");
    }
    return buffer;
  }

  /**
   * Returns a read-only view of a part; valid until the close.
   *
   * @throws IndexOutOfBoundsException if the part is not within the chunk
   */
  public ByteBuffer view(long offset, int sizeBytes) {
    Objects.checkFromIndexSize(offset, (long) sizeBytes, sizeBytes());
    return sizeBytes == 0
        ? ByteBuffer.allocate(0)
        : Mapping.view(buffer.memoryAddress() + offset, sizeBytes).asReadOnlyBuffer();
  }

  /** Returns a copy of the bytes; for chunks below 2 GiB. */
  public byte[] toByteArray() {
    byte[] bytes = new byte[Math.toIntExact(sizeBytes())];
    buffer.getBytes(0, bytes);
    return bytes;
  }

  /** Returns whether {@link #close()} was called. */
  public boolean isClosed() {
    return closed.get();
  }

  /** Gives the memory back; any call but the first does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      buffer.getReferenceManager().release();
    }
  }

  @Override
  public String toString() {
    return closed.get() ? "ByteChunk, closed" : "ByteChunk of " + sizeBytes() + " bytes";
  }
}
