package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.jspecify.annotations.Nullable;

/**
 * What Vineyard's clients see of the chunks of one stream that were made of record batches: keeps
 * what the next chunk probably has as well. Used by one thread.
 *
 * <p>Makes no vectors and copies nothing by itself. Whoever made a chunk is not trusted: what is
 * malformed gives {@link ErrorCode#ARROW_ERROR}, and bytes outside of the chunk what its {@link
 * BytesAccess} throws.
 */
public final class ChunkViews {
  private @Nullable ByteBuffer schemaBytes;
  private @Nullable BatchSchema schema;
  private BatchTree.@Nullable Shape shape;

  /**
   * Renders a chunk as a {@code vineyard::RecordBatch}.
   *
   * @param header the chunk's, read from its position to its limit
   * @param preamble what the writer set before the first chunk, null if nothing
   * @param access where the bytes of the chunk are, which must stay until the blobs are made
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if Vineyard can't hold the schema,
   *     naming the field
   */
  public BatchTree tree(ByteBuffer header, @Nullable ByteBuffer preamble, BytesAccess access) {
    return Malformed.guard(
        "chunk",
        () -> {
          List<ByteBuffer> messages = batches(header, preamble);
          BatchTree.Shape known = shape == null ? BatchTree.Shape.of(requireSchema()) : shape;
          shape = known;
          if (messages.size() != 1) {
            throw Malformed.of("a record batch", messages.size() + " messages");
          }
          return BatchTree.of(known, Message.getRootAsMessage(messages.get(0)), access);
        });
  }

  /** Renders a chunk as a whole Arrow IPC stream; the same is said of it as of the tree. */
  public IpcStreamBytes stream(
      ByteBuffer header, @Nullable ByteBuffer preamble, BytesAccess access) {
    return Malformed.guard(
        "chunk",
        () -> {
          List<ByteBuffer> messages = batches(header, preamble);
          return IpcStreamBytes.of(requireSchema(), messages, access);
        });
  }

  /** Learns the schema, and returns the messages after it. */
  private List<ByteBuffer> batches(ByteBuffer header, @Nullable ByteBuffer preamble) {
    ByteBuffer all = header.slice();
    List<ByteBuffer> messages = ChunkHeader.messages(all);
    if (ChunkHeader.isObject(all)) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED, "expected a chunk of messages, got one that is an object");
    }
    boolean saysSchema =
        Message.getRootAsMessage(messages.get(0)).headerType() == MessageHeader.Schema;
    if (saysSchema) {
      learn(messages.get(0));
      return messages.subList(1, messages.size());
    }
    if (preamble != null) {
      learn(preamble);
    }
    return messages;
  }

  private void learn(ByteBuffer message) {
    if (!message.equals(schemaBytes)) {
      schema = BatchSchema.ofMessage(message);
      byte[] kept = new byte[message.remaining()];
      message.get(message.position(), kept);
      schemaBytes = ByteBuffer.wrap(kept);
      shape = null;
    }
  }

  private BatchSchema requireSchema() {
    if (schema == null) {
      throw Malformed.of("a schema before the first batch", "none");
    }
    return schema;
  }
}
