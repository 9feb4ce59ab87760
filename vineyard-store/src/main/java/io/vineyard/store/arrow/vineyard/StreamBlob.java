package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BodyBytes;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.DictionaryState;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.format.ValueCheck;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;

/**
 * Reads the first batch of a whole Arrow IPC stream that lies in memory, in place; of a stream
 * without one, its schema without a row. Compressed buffers are decompressed into other memory.
 */
public final class StreamBlob {
  private static final int CONTINUATION = -1;
  private static final long MOST_FREE_VALUES = 1 << 24;

  private final Region stream;
  private final ForeignMemory memory;
  private long at;

  private StreamBlob(Region stream, ForeignMemory memory) {
    this.stream = stream;
    this.memory = memory;
  }

  /**
   * Reads the batch.
   *
   * @param memory what the stream lies in; the columns keep it
   */
  public static Columns read(Region stream, ForeignMemory memory) {
    return Malformed.guard("stream", () -> new StreamBlob(stream, memory).read());
  }

  private Columns read() {
    Message first = nextMessage();
    if (first == null) {
      throw Malformed.of("a stream that begins with its schema", stream.sizeBytes() + " bytes");
    }
    BatchSchema schema = BatchSchema.ofMessage(first);
    bodyOf(first);
    try (DictionaryState dictionaries = new DictionaryState(schema)) {
      for (Message message = nextMessage(); message != null; message = nextMessage()) {
        Region bytes = bodyOf(message);
        BodyBytes body = new BodyBytes(message, memory, bytes.address(), bytes.sizeBytes());
        if (message.headerType() == MessageHeader.RecordBatch) {
          checkCounts(message);
          return readBatch(message, schema, body, dictionaries);
        }
        dictionaries.apply(BatchMessages.readDictionary(message, schema, body));
      }
    }
    return EmptyColumns.of(schema);
  }

  private static Columns readBatch(
      Message message, BatchSchema schema, BodyBytes body, DictionaryState dictionaries) {
    DictionarySet set = dictionaries.share();
    try {
      BatchMessages.Columns columns = BatchMessages.readBatch(message, schema, body);
      try {
        ValueCheck.check(columns.vectors(), schema.plans(), set);
        return new Columns(schema, columns.vectors(), set, columns.rowCount());
      } catch (RuntimeException malformed) {
        columns.vectors().forEach(FieldVector::close);
        throw malformed;
      }
    } catch (RuntimeException | StackOverflowError malformed) {
      set.close();
      throw malformed;
    }
  }

  /** Values may take no bytes, and yet a bit each of validity that the message leaves out. */
  private void checkCounts(Message message) {
    RecordBatch batch = (RecordBatch) message.header(new RecordBatch());
    long most = Math.max(MOST_FREE_VALUES, stream.sizeBytes() * Byte.SIZE);
    for (int i = 0; batch != null && i < batch.nodesLength(); i++) {
      if (batch.nodes(i).length() > most) {
        throw Malformed.tooLarge("values in a column", most, batch.nodes(i).length());
      }
    }
  }

  /** Returns the next message, null at the end, marked or not. */
  private @Nullable Message nextMessage() {
    if (at == stream.sizeBytes()) {
      return null;
    }
    int size = nextInt();
    if (size == CONTINUATION) {
      size = nextInt();
    }
    if (size == 0) {
      return null;
    }
    ByteBuffer metadata = take(size).copy();
    return Message.getRootAsMessage(metadata.order(ByteOrder.LITTLE_ENDIAN));
  }

  private Region bodyOf(Message message) {
    return take(message.bodyLength());
  }

  private int nextInt() {
    return MemoryUtil.getInt(take(Integer.BYTES).address());
  }

  private Region take(long sizeBytes) {
    if (sizeBytes < 0 || sizeBytes > stream.sizeBytes() - at) {
      throw Malformed.of(
          "a message within " + stream.sizeBytes() + " bytes", sizeBytes + " bytes at " + at);
    }
    Region taken = new Region(stream.address() + at, sizeBytes);
    at += sizeBytes;
    return taken;
  }
}
