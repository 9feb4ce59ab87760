package io.vineyard.store.arrow;

import io.vineyard.store.Chunk;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.arrow.format.BatchLoader;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.vineyard.BlobBytes;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.arrow.vineyard.StreamBlob;
import io.vineyard.store.arrow.vineyard.TreeReader;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.jspecify.annotations.Nullable;

/** Makes record batches of chunks, in place, for one stream. */
final class BatchDecoder implements ChunkCodec.Decoder<RecordBatch> {
  private @Nullable BatchSchema schema;
  private @Nullable ByteBuffer schemaBytes;
  private @Nullable TreeReader objects;

  @Override
  public RecordBatch decode(Chunk chunk, @Nullable ByteBuffer preamble) {
    ForeignMemory memory = new ForeignMemory(chunk::close);
    try {
      return Malformed.guard("record batch", () -> decode(chunk, preamble, memory));
    } finally {
      memory.endLoad();
    }
  }

  private RecordBatch decode(Chunk chunk, @Nullable ByteBuffer preamble, ForeignMemory memory) {
    if (preamble != null && schema == null) {
      schema = BatchSchema.ofMessage(preamble);
    }
    ByteBuffer header = chunk.header();
    List<ByteBuffer> messages = ChunkHeader.messages(header);
    if (ChunkHeader.isObject(header)) {
      return decodeObject(chunk, messages.get(0), memory).tracked(chunk);
    }
    BatchLoader.Body body = new ChunkBody(chunk, memory);
    Map<Long, Dictionary> dictionaries = messages.size() == 1 ? Map.of() : new LinkedHashMap<>();
    try {
      for (int i = 0; i < messages.size() - 1; i++) {
        Message message = Message.getRootAsMessage(messages.get(i));
        if (message.headerType() == MessageHeader.Schema) {
          learnSchema(messages.get(i), message);
        } else {
          BatchMessages.readDictionary(message, requireSchema(), body).applyTo(dictionaries);
        }
      }
      RecordBatch batch =
          readBatch(
              Message.getRootAsMessage(messages.get(messages.size() - 1)), body, dictionaries);
      return (ChunkHeader.wasCopied(header) ? batch.markCopied() : batch).tracked(chunk);
    } catch (RuntimeException | StackOverflowError broken) {
      dictionaries.values().forEach(dictionary -> dictionary.getVector().close());
      throw broken;
    }
  }

  /** Vineyard's clients publish objects, or blobs that hold an Arrow stream. */
  private RecordBatch decodeObject(Chunk chunk, ByteBuffer message, ForeignMemory memory) {
    ObjectChunkHeader object = ObjectChunkHeader.decode(message);
    BlobBytes blobs = object.in(chunk::address);
    ObjectMeta tree = object.tree();
    if (tree.typeName().equals(ObjectMeta.BLOB)) {
      return RecordBatch.of(StreamBlob.read(blobs.find(tree.requireId()), memory));
    }
    if (objects == null) {
      objects = new TreeReader();
    }
    return RecordBatch.of(objects.read(tree, blobs, memory));
  }

  /** Chunks of one stream mostly repeat their schema, which then is not read again. */
  private void learnSchema(ByteBuffer bytes, Message message) {
    if (schemaBytes == null || !schemaBytes.equals(bytes)) {
      schema = BatchSchema.ofMessage(message);
      schemaBytes = bytes;
    }
  }

  private BatchSchema requireSchema() {
    if (schema == null) {
      throw Malformed.of("a schema before the first batch", "none");
    }
    return schema;
  }

  private RecordBatch readBatch(
      Message message, BatchLoader.Body body, Map<Long, Dictionary> dictionaries) {
    BatchSchema known = requireSchema();
    if (!dictionaries.keySet().containsAll(known.dictionaries().keySet())) {
      throw Malformed.of(
          "dictionaries " + known.dictionaries().keySet(), "" + dictionaries.keySet());
    }
    return RecordBatch.read(message, known, body, DictionarySet.of(dictionaries));
  }

  private record ChunkBody(Chunk chunk, ForeignMemory memory) implements BatchLoader.Body {
    @Override
    public ArrowBuf buffer(long offset, long sizeBytes) {
      return memory.view(chunk.address(offset, sizeBytes), sizeBytes);
    }

    @Override
    public void done(ArrowBuf buffer) {
      // a view is no reference of its own
    }
  }
}
