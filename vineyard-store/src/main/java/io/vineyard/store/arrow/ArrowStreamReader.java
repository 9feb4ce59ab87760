package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BodyBytes;
import io.vineyard.store.arrow.format.DictionaryState;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.ipc.IpcInput;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Reads an Arrow IPC stream from a channel, which stays open. Used by one thread; blocks as the
 * channel does.
 *
 * <p>All values that offsets and indices point at are checked before a batch is handed out.
 */
public final class ArrowStreamReader implements AutoCloseable {
  private final IpcInput input;
  private final BatchSchema schema;
  private final DictionaryState dictionaries;

  private ArrowStreamReader(IpcInput input) {
    this.input = input;
    Message first = input.nextMessage();
    if (first == null) {
      throw VineyardException.of(
          ErrorCode.END_OF_FILE, "expected the schema of an Arrow stream, got its end");
    }
    this.schema = BatchSchema.ofMessage(first);
    this.dictionaries = new DictionaryState(schema);
  }

  /**
   * Reads the schema; the caller closes the reader and the channel.
   *
   * @throws VineyardException with {@link ErrorCode#END_OF_FILE} if the stream is cut off, {@link
   *     ErrorCode#ARROW_ERROR} if it is not a legal one, {@link ErrorCode#UNSUPPORTED} if its bytes
   *     are big-endian, {@link ErrorCode#IO_ERROR} if the channel fails
   */
  public static ArrowStreamReader over(ReadableByteChannel channel) {
    return new ArrowStreamReader(new IpcInput(Objects.requireNonNull(channel, "channel")));
  }

  /** Returns the schema; columns with a dictionary have the type of their indices. */
  public Schema schema() {
    return schema.memory();
  }

  /**
   * Reads the next batch, which the caller closes; null at the end.
   *
   * @throws VineyardException as {@link #over} does
   */
  public @Nullable RecordBatch next() {
    for (Message message = input.nextMessage(); message != null; message = input.nextMessage()) {
      Message current = message;
      long bodyBytes = Malformed.guard("message", current::bodyLength);
      ArrowBuf bytes = input.readBody(bodyBytes);
      ForeignMemory memory = new ForeignMemory(bytes::close);
      try {
        BodyBytes body =
            Malformed.guard(
                "message",
                () -> new BodyBytes(current, memory, bytes.memoryAddress(), bytes.writerIndex()));
        if (current.headerType() == MessageHeader.RecordBatch) {
          return Malformed.guard(
              "record batch",
              () ->
                  RecordBatch.read(current, schema, body, dictionaries.share())
                      .checked()
                      .tracked(null));
        }
        Malformed.guard(
            "dictionary batch",
            () -> {
              dictionaries.apply(BatchMessages.readDictionary(current, schema, body));
              return true;
            });
      } finally {
        memory.release();
      }
    }
    return null;
  }

  /** Lets go of the dictionaries; batches stay readable. */
  @Override
  public void close() {
    dictionaries.close();
  }
}
