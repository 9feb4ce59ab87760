package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.ChunkHeader;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.arrow.vineyard.BatchTree;
import io.vineyard.store.arrow.vineyard.BlobSource;
import io.vineyard.store.arrow.vineyard.BytesAccess;
import io.vineyard.store.arrow.vineyard.ChunkViews;
import io.vineyard.store.arrow.vineyard.IpcStreamBytes;
import io.vineyard.store.memory.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is made for Vineyard here, its own client reads out of its own server. */
class VineyardReadsOursIT {
  private static final String PYTHON = "VINEYARD_PYTHON";
  private static final Path SCRIPT = Path.of("src/test/resources/vineyard/check.py");
  private static final int ROWS = 29;
  private static final long PATIENCE_SECONDS = 120;

  @TempDir private Path folder;

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private final List<String> names = new ArrayList<>();
  private String python;

  @BeforeEach
  void findVineyard() throws Exception {
    python = System.getProperty(PYTHON, System.getenv(PYTHON));
    assumeThat(python)
        .as("%s names a Python with vineyard, as property or in the environment", PYTHON)
        .isNotNull();
    Process process = new ProcessBuilder(python, "-c", "import vineyard").start();
    assumeThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0)
        .as("%s has vineyard", python)
        .isTrue();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  @Test
  void everyTypeThatVineyardHoldsIsReadByPython() throws Exception {
    for (RandomTypes.Type type : VineyardBatchesTest.held()) {
      RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
      List<Field> fields = List.of(RandomBatches.field("x", type));
      try (RecordBatch batch = random.batch(fields, ROWS);
          RecordBatch empty = random.batch(fields, 0);
          RecordBatch slice = batch.slice(3, ROWS - 5)) {
        write(type, batch);
        write(type, empty);
        write(type, slice);
      }
    }
    assertPythonReadsTheSame();
  }

  @Test
  void columnsOfAllTypesAreReadByPython() throws Exception {
    List<Field> fields = new ArrayList<>();
    for (RandomTypes.Type type : VineyardBatchesTest.held()) {
      fields.add(RandomBatches.field("f" + fields.size(), type));
    }
    try (RecordBatch batch = new RandomBatches(5, allocator).batch(fields, ROWS)) {
      write(null, batch);
    }
    assertPythonReadsTheSame();
  }

  private void write(RandomTypes.Type type, RecordBatch batch) throws IOException {
    String name = "%03d %s".formatted(names.size(), type).replace('/', '-');
    names.add(name);
    try (FileChannel channel = create(name + ".stream");
        ArrowStreamWriter writer = ArrowStreamWriter.over(channel, CodecType.NO_COMPRESSION)) {
      writer.write(batch);
    }
    try (FileChannel channel = create(name + ".chunk")) {
      channel.write(chunk(batch));
    }
    BatchTree tree = VineyardBatches.tree(batch);
    ObjectNode recorded = new ObjectMapper().createObjectNode();
    ObjectNode blobs = recorded.putObject("blobs");
    blobs.put(ObjectId.EMPTY_BLOB.toString(), "");
    List<ObjectId> ids = new ArrayList<>();
    for (BlobSource source : tree.blobs()) {
      ids.add(new ObjectId(ObjectId.EMPTY_BLOB.value() + 1 + ids.size()));
      blobs.put(
          ids.get(ids.size() - 1).toString(), Base64.getEncoder().encodeToString(bytes(source)));
    }
    recorded.set("tree", json(tree.meta(ids)));
    new ObjectMapper().writeValue(folder.resolve(name + ".json").toFile(), recorded);
  }

  private FileChannel create(String name) throws IOException {
    return FileChannel.open(
        folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static byte[] bytes(BlobSource source) {
    ByteBuffer memory = ByteBuffer.allocateDirect((int) source.sizeBytes());
    source.writeTo(Mapping.addressOf(memory));
    byte[] bytes = new byte[memory.remaining()];
    memory.get(bytes);
    return bytes;
  }

  /** Returns what a data frame stream has for a batch whose offsets are addresses. */
  private static ByteBuffer chunk(RecordBatch batch) {
    MessageBuilder message = new MessageBuilder();
    new BufferList(false)
        .gather(batch.vectors())
        .describe(message, (index, address, size) -> address);
    ChunkHeader header = new ChunkHeader();
    header.begin(false);
    header.add(batch.batchSchema().toMessage());
    header.add(message.recordBatch(batch.rowCount(), 0, MessageBuilder.NOT_COMPRESSED));
    IpcStreamBytes stream = new ChunkViews().stream(header.end(), null, BytesAccess.ADDRESSES);
    ByteBuffer memory = ByteBuffer.allocateDirect((int) stream.sizeBytes());
    stream.writeTo(Mapping.addressOf(memory));
    return memory;
  }

  private static ObjectNode json(ObjectMeta meta) {
    ObjectNode json = new ObjectMapper().createObjectNode();
    if (meta.isReference()) {
      return json.put("blob", meta.requireId().toString());
    }
    json.put("typename", meta.typeName());
    meta.fields()
        .forEach(
            (key, value) -> {
              if (value instanceof String text) {
                json.put(key, text);
              } else {
                json.put(key, (Long) value);
              }
            });
    meta.members().forEach((key, member) -> json.set(key, json(member)));
    return json;
  }

  private void assertPythonReadsTheSame() throws Exception {
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(python, "-B", SCRIPT.toString(), folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
          .as("%s ends", SCRIPT)
          .isTrue();
    } finally {
      process.destroy();
    }
    assertThat(Files.readAllLines(output))
        .containsExactlyElementsOf(names.stream().map(name -> name + ": same").toList());
  }
}
