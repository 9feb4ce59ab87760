package io.vineyard.store.arrow;

import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.Layout;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoredObject;
import io.vineyard.store.arrow.format.BatchLoader;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.arrow.vineyard.TreeReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * How a record batch lies in the store: an object with two blobs, one with the messages of a {@link
 * ChunkHeader} that begin with the schema, one with the bytes that they point at.
 */
final class BatchLayout implements Layout<RecordBatch> {
  private static final String TYPE_NAME = "vineyard-reactive::RecordBatch";
  private static final String HEADER = "header";
  private static final String DATA = "data";
  private static final String ROWS = "rows";

  @Override
  public boolean accepts(String typeName) {
    return typeName.equals(TYPE_NAME) || TreeReader.accepts(typeName);
  }

  @Override
  public RecordBatch open(StoredObject object) {
    ForeignMemory memory = new ForeignMemory(object::close);
    try {
      boolean isOwn = object.meta().typeName().equals(TYPE_NAME);
      return Malformed.guard(
              "record batch",
              () -> isOwn ? read(object, memory) : TableLayout.readOne(object, memory))
          .tracked(object);
    } finally {
      memory.endLoad();
    }
  }

  @Override
  public String toString() {
    return "a record batch, or what Vineyard has for one";
  }

  private static RecordBatch read(StoredObject object, ForeignMemory memory) {
    Blob header = object.blob(object.meta().member(HEADER).requireId());
    List<ByteBuffer> messages =
        ChunkHeader.messages(header.view(0, Math.toIntExact(header.sizeBytes())));
    BatchSchema schema = BatchSchema.ofMessage(messages.get(0));
    Blob data = object.blob(object.meta().member(DATA).requireId());
    BatchLoader.Body body = new BlobBody(data, memory);
    Map<Long, Dictionary> dictionaries = new LinkedHashMap<>();
    try {
      for (ByteBuffer message : messages.subList(1, messages.size() - 1)) {
        BatchMessages.readDictionary(Message.getRootAsMessage(message), schema, body)
            .applyTo(dictionaries);
      }
    } catch (RuntimeException broken) {
      dictionaries.values().forEach(dictionary -> dictionary.getVector().close());
      throw broken;
    }
    Message last = Message.getRootAsMessage(messages.get(messages.size() - 1));
    return RecordBatch.read(last, schema, body, DictionarySet.of(dictionaries));
  }

  /** Copies a batch into two blobs, and makes an object of them. */
  static Mono<ObjectId> store(RecordBatch batch, ObjectStore store) {
    return Mono.usingWhen(
        Mono.fromSupplier(() -> new Parts(store)),
        parts -> store(batch, parts),
        parts -> Mono.empty(),
        (parts, error) -> parts.delete(),
        Parts::delete);
  }

  private static Mono<ObjectId> store(RecordBatch batch, Parts parts) {
    BatchCopy copy = new BatchCopy(batch);
    int headerBytes = copy.header().remaining();
    return parts
        .seal(copy.dataBytes(), writer -> copy.writeTo(writer.address()))
        .flatMap(
            data ->
                parts
                    .seal(headerBytes, writer -> writer.view(0, headerBytes).put(copy.header()))
                    .flatMap(header -> create(parts.store, batch, header, data)));
  }

  private static Mono<ObjectId> create(
      ObjectStore store, RecordBatch batch, ObjectId header, ObjectId data) {
    ObjectMeta meta =
        ObjectMeta.builder(TYPE_NAME)
            .field(ROWS, batch.rowCount())
            .member(HEADER, ObjectMeta.reference(header))
            .member(DATA, ObjectMeta.reference(data))
            .build();
    return store.createObject(meta).map(ObjectMeta::requireId);
  }

  /** The blobs of an object that is being made: they go if it is not, or if nobody wants it. */
  static final class Parts {
    private final ObjectStore store;
    private final Queue<Mono<ObjectId>> sealed = new ConcurrentLinkedQueue<>();
    private volatile boolean unwanted;

    Parts(ObjectStore store) {
      this.store = store;
    }

    Mono<ObjectId> seal(long sizeBytes, Consumer<BlobWriter> fill) {
      return store
          .createBlob(sizeBytes)
          .flatMap(
              writer -> {
                try (writer) {
                  fill.accept(writer);
                  Mono<ObjectId> id = writer.seal();
                  sealed.add(id);
                  if (unwanted) {
                    delete(id).subscribe();
                  }
                  return id;
                }
              });
    }

    Mono<Void> delete() {
      unwanted = true;
      return Flux.fromIterable(sealed).flatMap(this::delete).then();
    }

    /** Those that became members of an object after all stay with it. */
    private Mono<Void> delete(Mono<ObjectId> id) {
      return id.flatMap(store::delete).onErrorComplete();
    }
  }

  private record BlobBody(Blob data, ForeignMemory memory) implements BatchLoader.Body {
    @Override
    public ArrowBuf buffer(long offset, long sizeBytes) {
      if (offset > data.sizeBytes() || sizeBytes > data.sizeBytes() - offset) {
        throw Malformed.of("bytes within " + data.sizeBytes(), sizeBytes + " bytes at " + offset);
      }
      return memory.view(data.address() + offset, sizeBytes);
    }

    @Override
    public void done(ArrowBuf buffer) {
      // a view is no reference of its own
    }
  }

  /** A batch as one header and one run of bytes. */
  private static final class BatchCopy {
    private final List<BufferList> lists;
    private final ByteBuffer header;
    private long dataBytes;

    BatchCopy(RecordBatch batch) {
      MessageBuilder message = new MessageBuilder();
      ChunkHeader collected = new ChunkHeader();
      collected.begin(false);
      collected.add(batch.batchSchema().toMessage());
      lists = new ArrayList<>();
      batch
          .dictionarySet()
          .dictionaries()
          .forEach(
              (id, dictionary) -> {
                describe(List.of(dictionary.getVector()), message);
                collected.add(
                    message.dictionaryBatch(
                        id,
                        dictionary.getVector().getValueCount(),
                        0,
                        MessageBuilder.NOT_COMPRESSED));
              });
      describe(batch.vectors(), message);
      collected.add(message.recordBatch(batch.rowCount(), 0, MessageBuilder.NOT_COMPRESSED));
      header = collected.end();
    }

    private void describe(List<FieldVector> vectors, MessageBuilder message) {
      BufferList list = new BufferList(true).gather(vectors);
      lists.add(list);
      dataBytes = list.describeInSequence(message, dataBytes);
    }

    ByteBuffer header() {
      return header;
    }

    long dataBytes() {
      return dataBytes;
    }

    void writeTo(long address) {
      long next = address;
      for (BufferList list : lists) {
        for (int i = 0; i < list.buffers(); i++) {
          if (list.size(i) > 0) {
            MemoryUtil.copyMemory(list.address(i), next, list.size(i));
            next += BufferList.aligned(list.size(i));
          }
        }
      }
    }
  }
}
