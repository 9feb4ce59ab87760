package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written here, pyarrow reads with the same schema, metadata and values. */
class PyArrowReadsOursIT {
  private static final String PYTHON = "VINEYARD_PYTHON";
  private static final Path SCRIPT = Path.of("src/test/resources/pyarrow/check.py");
  private static final int ROWS = 29;
  private static final long PATIENCE_SECONDS = 60;

  @TempDir private Path folder;

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private final Map<String, List<RecordBatch>> written = new LinkedHashMap<>();
  private String python;

  @BeforeEach
  void findPython() {
    python = System.getProperty(PYTHON, System.getenv(PYTHON));
    assumeThat(python)
        .as("%s names a Python with pyarrow, as property or in the environment", PYTHON)
        .isNotNull();
  }

  @AfterEach
  void nothingIsLeft() {
    written.values().forEach(batches -> batches.forEach(RecordBatch::close));
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  @Test
  void everyTypeIsReadByPyArrow() throws Exception {
    for (RandomTypes.Type type : known(RandomTypes.all())) {
      RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
      List<Field> fields = List.of(RandomBatches.field("x", type));
      List<RecordBatch> batches = new ArrayList<>();
      batches.add(random.batch(fields, ROWS));
      batches.add(random.batch(fields, 0));
      batches.add(batches.get(0).slice(3, ROWS - 5));
      write("type" + written.size(), batches, CodecType.NO_COMPRESSION);
    }
    assertPyArrowReadsTheSame();
  }

  @Test
  void compressedBatchesOfAllTypesAreReadByPyArrow() throws Exception {
    List<Field> fields = new ArrayList<>();
    known(RandomTypes.all())
        .forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    for (CodecType codec : CodecType.values()) {
      RecordBatch batch = new RandomBatches(codec.getType(), allocator).batch(fields, ROWS);
      write("codec" + written.size(), List.of(batch, batch.slice(1, 0)), codec);
    }
    assertPyArrowReadsTheSame();
  }

  @Test
  void dictionariesAreReadByPyArrow() throws Exception {
    List<Field> values = new ArrayList<>();
    known(RandomTypes.inDictionaries()).forEach(type -> values.add(RandomBatches.field("", type)));
    RandomBatches random = new RandomBatches(1, allocator);
    RecordBatch batch = random.dictionaryBatch(values, ROWS);
    write("same", List.of(batch, batch.slice(7, 9)), CodecType.ZSTD);
    writeStream(
        "changed",
        List.of(random.dictionaryBatch(values, ROWS), random.dictionaryBatch(values, 3)),
        CodecType.NO_COMPRESSION);
    assertPyArrowReadsTheSame();
  }

  /** Leaves out the two types that pyarrow has no class for. */
  private static List<RandomTypes.Type> known(List<RandomTypes.Type> types) {
    return types.stream()
        .filter(
            type ->
                !(type.type() instanceof ArrowType.Interval interval)
                    || interval.getUnit() == IntervalUnit.MONTH_DAY_NANO)
        .toList();
  }

  private void write(String name, List<RecordBatch> batches, CodecType codec) {
    String file = name + ".arrow_file";
    try (ArrowFileWriter writer = ArrowFileWriter.create(folder.resolve(file), codec)) {
      batches.forEach(writer::write);
    }
    written.put(file, batches.stream().map(RecordBatch::share).toList());
    writeStream(name, batches, codec);
  }

  private void writeStream(String name, List<RecordBatch> batches, CodecType codec) {
    String stream = name + ".stream";
    try (FileChannel channel =
            FileChannel.open(
                folder.resolve(stream), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        ArrowStreamWriter writer = ArrowStreamWriter.over(channel, codec)) {
      batches.forEach(writer::write);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    written.put(stream, batches);
  }

  private void assertPyArrowReadsTheSame() throws Exception {
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
      process.destroyForcibly();
    }
    assertThat(Files.readString(output)).isEmpty();
    for (Map.Entry<String, List<RecordBatch>> entry : written.entrySet()) {
      JsonNode json = JsonBatches.read(folder.resolve(entry.getKey() + ".json"));
      List<RecordBatch> batches = entry.getValue();
      JsonBatches.assertSameSchema(json, batches.get(0).schema());
      assertThat(json.get("batches")).hasSize(batches.size());
      for (int i = 0; i < batches.size(); i++) {
        JsonBatches.assertSame(json.get("batches").get(i), batches.get(i));
      }
    }
  }
}
