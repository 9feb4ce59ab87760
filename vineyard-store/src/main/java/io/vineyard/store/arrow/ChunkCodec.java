package io.vineyard.store.arrow;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.arrow.format.ChunkHeader;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * How the elements of a kind of stream become chunks, and chunks become elements.
 *
 * <p>This is what {@code vineyard-reactive} is built on; applications use the streams there.
 *
 * @param <T> the elements, which hold memory and are closed
 */
public interface ChunkCodec<T extends AutoCloseable> {
  /** How many bytes a chunk may carry for its reader besides what it is made of. */
  int MOST_CARRIER_BYTES = ChunkHeader.MOST_CARRIER_BYTES;

  /** Begins with the chunks of one stream. */
  Encoder<T> encoder(ChunkWriter writer);

  /** Begins with the elements of one stream. */
  Decoder<T> decoder();

  /** Closes an element. */
  void close(T element);

  /** Returns how many rows an element has, 0 if it does not consist of rows. */
  long rows(T element);

  /**
   * Returns what the writer has attached to a chunk, read-only; null if nothing. The chunk still
   * belongs to the caller.
   *
   * @throws io.vineyard.store.VineyardException with {@link
   *     io.vineyard.store.ErrorCode#ARROW_ERROR} if the chunk is not of this kind
   */
  @Nullable ByteBuffer carrier(Chunk chunk);

  /** Returns the codec of streams of record batches of one schema. */
  static ChunkCodec<RecordBatch> recordBatches() {
    return new BatchCodec(false);
  }

  /** Returns the codec of streams of record batches that each have a schema of their own. */
  static ChunkCodec<RecordBatch> dataframes() {
    return new BatchCodec(true);
  }

  /** Returns the codec of streams of bytes. */
  static ChunkCodec<ByteChunk> bytes() {
    return new ByteCodec();
  }

  /**
   * Makes a root allocator over the memory of a writer, so that what is built with it is published
   * where it is.
   *
   * <p>It throws a {@link io.vineyard.store.VineyardException} with {@link
   * io.vineyard.store.ErrorCode#NOT_ENOUGH_MEMORY} if the store has not got what is asked for. A
   * thread that must not block gets ordinary memory when what is leased does not suffice; what has
   * such a buffer is copied once when it is published. Closing the allocator is the caller's, and
   * proves that nothing is allocated any more. Thread-safe.
   */
  static BufferAllocator allocator(SharedMemory memory) {
    return SharedAllocator.over(memory);
  }

  /**
   * Makes chunks; used by one thread at a time.
   *
   * @param <T> the elements
   */
  interface Encoder<T> extends AutoCloseable {
    /**
     * Checks that an element fits the stream.
     *
     * @throws io.vineyard.store.VineyardException with {@link
     *     io.vineyard.store.ErrorCode#SCHEMA_MISMATCH} if its schema differs, saying where first,
     *     or {@link io.vineyard.store.ErrorCode#ALREADY_STOPPED} if it is closed
     */
    void check(T element);

    /**
     * Sets who is asked, once for each chunk that there is memory and room for, what to attach to
     * it for its reader: at most {@link ChunkCodec#MOST_CARRIER_BYTES} bytes, or null.
     */
    void carry(Supplier<byte @Nullable []> carrier);

    /**
     * Makes a chunk of an element; null if it has to be copied, and there is no memory for that now
     * or the window has no room for it. {@link ChunkWriter#onRoom} tells when to try again.
     *
     * <p>The element still belongs to the caller, who closes it once the chunk is published: the
     * chunk holds the memory that it lies in by itself until it is reclaimed, and nothing else of
     * the element, so that what waits for its readers takes no more heap than it must.
     */
    @Nullable Encoded tryEncode(T element);

    /** Lets go of what it kept for the next element. */
    @Override
    void close();
  }

  /** An element that was made ready to be published: all its bytes are in shared memory. */
  interface Encoded {
    /** Returns what is to be published. */
    ChunkDraft draft();

    /** Returns how many bytes of the window it takes. */
    long dataBytes();

    /** Returns how many bytes had to be copied to be in shared memory; 0 if it was built there. */
    long copiedBytes();

    /** Gives back what a draft takes that is not published. */
    void discard();
  }

  /**
   * Makes elements; used by one thread at a time.
   *
   * @param <T> the elements
   */
  interface Decoder<T> {
    /**
     * Makes the element of a chunk, in place, and takes the chunk over: it is closed with the
     * element, or at once if this fails.
     *
     * @param preamble what the writer set before the first chunk, null if nothing
     * @throws io.vineyard.store.VineyardException with {@link
     *     io.vineyard.store.ErrorCode#ARROW_ERROR} if the chunk is not of this kind
     */
    T decode(Chunk chunk, @Nullable ByteBuffer preamble);
  }
}
