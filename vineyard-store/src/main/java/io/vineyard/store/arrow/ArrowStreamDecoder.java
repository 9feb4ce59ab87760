package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BodyBytes;
import io.vineyard.store.arrow.format.DictionaryState;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.ipc.IpcFrames;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads an Arrow IPC stream that arrives in pieces of any size, for servers that receive by
 * themselves. Never blocks; used by one thread at a time.
 *
 * <p>The bytes of a batch are copied once, into memory of an allocator: with that of a stream's
 * writer, the batch can be published without a further copy. All values that offsets and indices
 * point at are checked before a batch is handed out.
 */
public final class ArrowStreamDecoder implements AutoCloseable {
  /** The most bytes of a batch unless told otherwise: 64 MiB. */
  public static final long DEFAULT_MOST_BATCH_BYTES = 64L << 20;

  private final IpcFrames frames;
  private final BufferAllocator allocator;
  private final long mostBatchBytes;
  private final Map<Long, Long> dictionaryBytes = new HashMap<>();
  private @Nullable BatchSchema schema;
  private @Nullable DictionaryState dictionaries;
  private boolean closed;

  private ArrowStreamDecoder(BufferAllocator allocator, long mostBatchBytes) {
    this.frames = new IpcFrames(allocator, mostBatchBytes);
    this.allocator = allocator;
    this.mostBatchBytes = mostBatchBytes;
  }

  /**
   * Begins; the caller closes the decoder.
   *
   * @param allocator for the batches; stays the caller's
   * @param mostBatchBytes how large a batch, or all dictionaries together, may be, decompressed
   * @throws VineyardException with {@link ErrorCode#INVALID} if that is below 1
   */
  public static ArrowStreamDecoder create(BufferAllocator allocator, long mostBatchBytes) {
    Objects.requireNonNull(allocator, "allocator");
    if (mostBatchBytes < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected batches of at least 1 byte, got " + mostBatchBytes);
    }
    return new ArrowStreamDecoder(allocator, mostBatchBytes);
  }

  /** Returns the schema, null until it has arrived. */
  public @Nullable Schema schema() {
    return schema == null ? null : schema.memory();
  }

  /**
   * Reads on, up to the end of a batch or of the input.
   *
   * @param input from its position, which moves, to its limit; not kept
   * @return the next batch, which the caller closes; null if all input was read and more is needed
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if it is no legal stream, {@link
   *     ErrorCode#UNSUPPORTED} if its bytes are big-endian, {@link ErrorCode#LIMIT_REACHED} if a
   *     batch is too large, {@link ErrorCode#NOT_ENOUGH_MEMORY} if there is no memory for it,
   *     {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public @Nullable RecordBatch next(ByteBuffer input) {
    if (closed) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open decoder, got one closed");
    }
    while (frames.read(input)) {
      RecordBatch batch = take(frames.message(), frames.takeBody());
      if (batch != null) {
        return batch;
      }
    }
    return null;
  }

  private @Nullable RecordBatch take(Message message, ArrowBuf bytes) {
    ForeignMemory memory = new ForeignMemory(bytes::close);
    try {
      if (schema == null) {
        schema = BatchSchema.ofMessage(message);
        dictionaries = new DictionaryState(schema);
        return null;
      }
      BodyBytes body =
          Malformed.guard(
              "message", () -> new BodyBytes(message, memory, bytes, allocator, mostBatchBytes));
      BatchSchema known = schema;
      DictionaryState state = Objects.requireNonNull(dictionaries);
      if (message.headerType() == MessageHeader.RecordBatch) {
        Malformed.guard("record batch", () -> checkCounts(message));
        return Malformed.guard(
            "record batch",
            () -> RecordBatch.read(message, known, body, state.share()).checked().tracked(null));
      }
      BatchMessages.DictionaryUpdate update =
          Malformed.guard(
              "dictionary batch", () -> BatchMessages.readDictionary(message, known, body));
      apply(update, state);
      return null;
    } finally {
      memory.release();
    }
  }

  /** Values may take no bytes in the message, and yet a bit each of validity that it leaves out. */
  private boolean checkCounts(Message message) {
    org.apache.arrow.flatbuf.RecordBatch batch =
        (org.apache.arrow.flatbuf.RecordBatch)
            Objects.requireNonNull(message.header(new org.apache.arrow.flatbuf.RecordBatch()));
    long most = Math.min(mostBatchBytes, Long.MAX_VALUE / Byte.SIZE) * Byte.SIZE;
    long largest = batch.length();
    for (int i = 0; i < batch.nodesLength(); i++) {
      largest = Math.max(largest, batch.nodes(i).length());
    }
    if (largest > most) {
      throw Malformed.tooLarge("values in a column", most, largest);
    }
    return true;
  }

  private void apply(BatchMessages.DictionaryUpdate update, DictionaryState state) {
    long before = update.isDelta() ? dictionaryBytes.getOrDefault(update.id(), 0L) : 0;
    dictionaryBytes.put(update.id(), before + update.dictionary().getVector().getBufferSize());
    long sum = dictionaryBytes.values().stream().mapToLong(Long::longValue).sum();
    if (sum > mostBatchBytes) {
      update.dictionary().getVector().close();
      throw Malformed.tooLarge("bytes of dictionaries", mostBatchBytes, sum);
    }
    Malformed.guard(
        "dictionary batch",
        () -> {
          state.apply(update);
          return true;
        });
  }

  /**
   * Says that nothing more will arrive.
   *
   * @throws VineyardException with {@link ErrorCode#END_OF_FILE} if that is in the middle of a
   *     message, or before the schema
   */
  public void end() {
    frames.checkEnd();
    if (schema == null) {
      throw VineyardException.of(
          ErrorCode.END_OF_FILE, "expected the schema of an Arrow stream, got its end");
    }
  }

  /** Lets go of what has arrived in part, and of the dictionaries; batches stay readable. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      frames.close();
      if (dictionaries != null) {
        dictionaries.close();
      }
    }
  }
}
