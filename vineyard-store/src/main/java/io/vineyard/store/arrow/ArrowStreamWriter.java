package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.ipc.IpcOutput;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.jspecify.annotations.Nullable;

/**
 * Writes an Arrow IPC stream to a channel, which stays open. Dictionaries are written when they
 * change. Used by one thread; blocks as the channel does.
 */
public final class ArrowStreamWriter implements AutoCloseable {
  private final IpcOutput output;
  private @Nullable BatchSchema schema;
  private DictionarySet dictionaries = DictionarySet.EMPTY;
  private boolean closed;

  private ArrowStreamWriter(IpcOutput output) {
    this.output = output;
  }

  /** Begins a stream that is not compressed; the caller closes the writer and the channel. */
  public static ArrowStreamWriter over(WritableByteChannel channel) {
    return over(channel, CodecType.NO_COMPRESSION);
  }

  /**
   * Begins a stream; the caller closes the writer and the channel.
   *
   * @param compression how the buffers are compressed
   */
  public static ArrowStreamWriter over(WritableByteChannel channel, CodecType compression) {
    Objects.requireNonNull(channel, "channel");
    return new ArrowStreamWriter(new IpcOutput(channel, compression));
  }

  /**
   * Writes a batch, which still belongs to the caller. The first one sets the schema.
   *
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if the schema differs from
   *     that of the first batch, {@link ErrorCode#IO_ERROR} if the channel fails, {@link
   *     ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public void write(RecordBatch batch) {
    if (closed) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open writer, got one closed");
    }
    String difference = schema == null ? null : batch.batchSchema().differenceTo(schema);
    if (difference != null) {
      throw VineyardException.of(ErrorCode.SCHEMA_MISMATCH, difference);
    }
    try {
      if (schema == null) {
        schema = batch.batchSchema();
        output.writeMetadata(schema.toMessage());
      }
      writeDictionaries(batch.dictionarySet());
      output.writeBatch(batch.vectors(), batch.rowCount());
    } catch (IOException e) {
      throw IpcOutput.failed("writing an Arrow stream", e);
    }
  }

  private void writeDictionaries(DictionarySet current) throws IOException {
    if (dictionaries.hasSameContent(current)) {
      return;
    }
    for (Map.Entry<Long, Dictionary> entry : current.dictionaries().entrySet()) {
      output.writeDictionary(entry.getKey(), entry.getValue().getVector());
    }
    dictionaries.close();
    dictionaries = current.retain();
  }

  /** Writes the mark of the end, if a batch was written; any call but the first does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    dictionaries.close();
    try {
      if (schema != null) {
        output.writeEnd();
      }
    } catch (IOException e) {
      throw IpcOutput.failed("writing an Arrow stream", e);
    }
  }
}
