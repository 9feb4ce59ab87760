package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.ipc.IpcMessages;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Turns batches into an Arrow IPC stream without a channel, for servers that send by themselves:
 * each batch becomes pieces of memory, of which the large ones are the batch's own.
 *
 * <p>The first batch brings the schema, and a batch brings its dictionaries where they have
 * changed. Used by one thread at a time.
 */
public final class ArrowStreamEncoder implements AutoCloseable {
  private final IpcMessages messages;
  private @Nullable BatchSchema schema;
  private DictionarySet dictionaries = DictionarySet.EMPTY;
  private boolean closed;

  private ArrowStreamEncoder(CodecType compression) {
    this.messages = new IpcMessages(compression);
  }

  /** Begins a stream that is not compressed; the caller closes the encoder. */
  public static ArrowStreamEncoder create() {
    return create(CodecType.NO_COMPRESSION);
  }

  /**
   * Begins a stream; the caller closes the encoder.
   *
   * @param compression how the buffers are compressed
   */
  public static ArrowStreamEncoder create(CodecType compression) {
    return new ArrowStreamEncoder(Objects.requireNonNull(compression, "compression"));
  }

  /** A part of the stream. Whoever gets it closes it when its bytes have been sent. */
  public static final class Part implements AutoCloseable {
    private final List<IpcMessages.Pieces> messages = new ArrayList<>(1);
    private final @Nullable RecordBatch batch;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Part(@Nullable RecordBatch batch) {
      this.batch = batch;
    }

    /**
     * Returns the bytes, in their order: each from its position to its limit, for reading, and
     * valid until {@link #close()}.
     */
    public List<ByteBuffer> pieces() {
      if (messages.size() == 1) {
        return Collections.unmodifiableList(messages.get(0).pieces());
      }
      return messages.stream().flatMap(message -> message.pieces().stream()).toList();
    }

    /** Returns how many bytes there are. */
    public long sizeBytes() {
      return messages.stream().mapToLong(each -> each.metadataBytes() + each.bodyBytes()).sum();
    }

    /** Gives the memory back, and closes the batch; any call but the first does nothing. */
    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        messages.forEach(IpcMessages.Pieces::close);
        if (batch != null) {
          batch.close();
        }
      }
    }
  }

  /**
   * Takes a batch over and lays it out; the caller closes the result, and the batch with it. A
   * batch that is refused is closed.
   *
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if the schema differs from
   *     that of the first batch, {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}, or if
   *     the batch is closed
   */
  public Part encode(RecordBatch batch) {
    Part part = new Part(Objects.requireNonNull(batch, "batch"));
    try {
      checkOpen();
      begin(batch.batchSchema(), part);
      addDictionaries(batch.dictionarySet(), part);
      part.messages.add(messages.batch(batch.vectors(), batch.rowCount()));
      return part;
    } catch (RuntimeException | Error refused) {
      part.close();
      throw refused;
    }
  }

  private void begin(BatchSchema current, Part part) {
    String difference = schema == null ? null : current.differenceTo(schema);
    if (difference != null) {
      throw VineyardException.of(ErrorCode.SCHEMA_MISMATCH, difference);
    }
    if (schema == null) {
      schema = current;
      part.messages.add(messages.metadata(current.toMessage()));
    }
  }

  private void addDictionaries(DictionarySet current, Part part) {
    if (dictionaries.hasSameContent(current)) {
      return;
    }
    for (Map.Entry<Long, Dictionary> entry : current.dictionaries().entrySet()) {
      part.messages.add(messages.dictionary(entry.getKey(), entry.getValue().getVector()));
    }
    dictionaries.close();
    dictionaries = current.retain();
  }

  /**
   * Returns the end of the stream, which the caller closes. If there was no batch, it begins with a
   * schema of no columns, so that the stream is a legal one.
   *
   * @throws VineyardException with {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public Part end() {
    checkOpen();
    Part part = new Part(null);
    if (schema == null) {
      begin(BatchSchema.ofWire(new Schema(List.of())), part);
    }
    part.messages.add(messages.end());
    return part;
  }

  private void checkOpen() {
    if (closed) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open encoder, got one closed");
    }
  }

  /** Lets go of the dictionaries; parts stay as they are. Any call but the first does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      dictionaries.close();
    }
  }
}
