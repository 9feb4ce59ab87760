package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoredObject;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** An object that Vineyard's Python client made, recorded with its blobs, or a variant of it. */
final class RecordedTree implements StoredObject {
  private static final Path FOLDER = Path.of("src/test/resources/vineyard");
  private static final String TREE = ".json";
  private static final String EXPECTED = ".stream";

  private final ObjectMeta meta;
  private final Map<ObjectId, ArrowBuf> blobs = new HashMap<>();
  private int closes;

  RecordedTree(ObjectMeta meta, Map<ObjectId, byte[]> blobs, BufferAllocator allocator) {
    this.meta = meta;
    blobs.forEach(
        (id, bytes) -> {
          ArrowBuf memory = allocator.buffer(Math.max(1, bytes.length));
          memory.writeBytes(bytes);
          this.blobs.put(id, memory);
        });
  }

  /** Returns the names of the recorded trees that can be read, or of those that can't. */
  static List<String> names(boolean areRead) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(TREE))
          .map(name -> name.substring(0, name.length() - TREE.length()))
          .filter(name -> Files.exists(FOLDER.resolve(name + EXPECTED)) == areRead)
          .sorted()
          .toList();
    }
  }

  static RecordedTree open(String name, BufferAllocator allocator) {
    JsonNode recorded = json(name);
    return new RecordedTree(meta(recorded.get("tree")), blobs(recorded), allocator);
  }

  static ObjectMeta meta(String name) {
    return meta(json(name).get("tree"));
  }

  static Map<ObjectId, byte[]> blobs(String name) {
    return blobs(json(name));
  }

  private static Map<ObjectId, byte[]> blobs(JsonNode recorded) {
    Map<ObjectId, byte[]> blobs = new HashMap<>();
    recorded
        .get("blobs")
        .properties()
        .forEach(
            blob ->
                blobs.put(
                    ObjectId.parse(blob.getKey()),
                    Base64.getDecoder().decode(blob.getValue().textValue())));
    return blobs;
  }

  private static JsonNode json(String name) {
    try {
      return new ObjectMapper().readTree(FOLDER.resolve(name + TREE).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectMeta meta(JsonNode tree) {
    ObjectMeta.Builder meta =
        ObjectMeta.builder(tree.get("typename").textValue())
            .id(ObjectId.parse(tree.get("id").textValue()));
    tree.properties()
        .forEach(
            entry -> {
              if (!List.of("typename", "id", "nbytes", "length").contains(entry.getKey())) {
                add(meta, entry.getKey(), entry.getValue());
              }
            });
    return meta.build();
  }

  private static void add(ObjectMeta.Builder meta, String key, JsonNode value) {
    if (value.isObject()) {
      meta.member(key, meta(value));
    } else if (value.isTextual()) {
      meta.field(key, value.textValue());
    } else if (value.isBoolean()) {
      meta.field(key, value.booleanValue());
    } else if (value.isIntegralNumber()) {
      meta.field(key, value.longValue());
    } else {
      meta.field(key, value.doubleValue());
    }
  }

  /** Returns what the tree is expected to be read as; the caller closes the batches. */
  static List<RecordBatch> expected(String name, BufferAllocator allocator) throws IOException {
    List<RecordBatch> batches = new ArrayList<>();
    Path path = FOLDER.resolve(name + EXPECTED);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        ArrowStreamDecoder decoder =
            ArrowStreamDecoder.create(allocator, ArrowStreamDecoder.DEFAULT_MOST_BATCH_BYTES)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
      assertThat(channel.read(bytes)).isEqualTo(bytes.capacity());
      bytes.flip();
      RecordBatch next = decoder.next(bytes);
      while (next != null) {
        batches.add(next);
        next = decoder.next(bytes);
      }
    }
    return batches;
  }

  @Override
  public ObjectMeta meta() {
    return meta;
  }

  @Override
  public Blob blob(ObjectId id) {
    ArrowBuf memory = blobs.get(id);
    if (memory == null) {
      throw VineyardException.of(ErrorCode.OBJECT_NOT_EXISTS, "expected a blob, got " + id);
    }
    return new InMemory(id, memory);
  }

  /** Returns whether all bytes of a buffer are those of one of the blobs. */
  boolean contains(ArrowBuf buffer) {
    long start = buffer.memoryAddress();
    long end = start + buffer.capacity();
    return blobs.values().stream()
        .anyMatch(
            blob -> start >= blob.memoryAddress() && end <= blob.memoryAddress() + blob.capacity());
  }

  int closes() {
    return closes;
  }

  @Override
  public void close() {
    if (closes++ == 0) {
      blobs.values().forEach(ArrowBuf::close);
    }
  }

  private record InMemory(ObjectId id, ArrowBuf memory) implements Blob {
    @Override
    public long sizeBytes() {
      return memory.writerIndex();
    }

    @Override
    public long address() {
      return memory.memoryAddress();
    }

    @Override
    public ByteBuffer view(long offset, int sizeBytes) {
      return memory.nioBuffer(offset, sizeBytes);
    }

    @Override
    public void close() {
      // with the object
    }
  }
}
