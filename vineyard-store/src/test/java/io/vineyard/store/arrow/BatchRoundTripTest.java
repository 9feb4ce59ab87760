package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.embedded.EmbeddedStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches of every type come out of streams, objects and files as they went in. */
class BatchRoundTripTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int ROWS = 37;

  @TempDir private Path folder;

  private final BufferAllocator ordinary = new RootAllocator();
  private ObjectStore store;
  private long viewsBefore;

  @BeforeEach
  void open() {
    store = EmbeddedStore.create().segmentBytes(1 << 20).open();
    viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(store.status().block(PATIENCE).leases()).isZero();
    store.close();
    assertThat(ordinary.getAllocatedMemory()).isZero();
    ordinary.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<RandomTypes.Type> types() {
    return RandomTypes.all();
  }

  /** Returns batches of all shapes of one type: none, one and many rows, parts of others. */
  private static Stream<RecordBatch> shapes(RandomTypes.Type type, BufferAllocator allocator) {
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    List<Field> fields = List.of(RandomBatches.field("x", type));
    return Stream.of(
        random.batch(fields, 0),
        random.batch(fields, 1),
        random.batch(fields, ROWS),
        part(random.batch(fields, ROWS), 0, ROWS - 1),
        part(random.batch(fields, ROWS), 8, 16),
        part(random.batch(fields, ROWS), 3, ROWS - 5),
        part(random.batch(fields, ROWS), 3, 0));
  }

  private static RecordBatch part(RecordBatch batch, int offset, int rows) {
    try (batch) {
      return batch.slice(offset, rows);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyTypeGoesThroughAStreamByACopy(RandomTypes.Type type) {
    shapes(type, ordinary).forEach(batch -> assertRoundTrip(batch, UnaryOperator.identity()));
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyTypeGoesThroughAStreamInPlace(RandomTypes.Type type) {
    shapes(type, ordinary).forEach(batch -> assertRoundTrip(batch, null));
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyTypeIsStoredAsAnObject(RandomTypes.Type type) {
    shapes(type, ordinary)
        .forEach(
            batch -> {
              ObjectId id = store.put(batch).block(PATIENCE);
              try (batch;
                  RecordBatch stored = store.get(id, RecordBatch.LAYOUT).block(PATIENCE)) {
                assertSame(batch, stored);
              }
              store.delete(id).block(PATIENCE);
            });
  }

  @ParameterizedTest
  @MethodSource("types")
  void everyTypeIsWrittenToFilesAndStreams(RandomTypes.Type type) {
    shapes(type, ordinary).forEach(batch -> assertFileRoundTrip(batch, CodecType.values()));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void batchesOfAllTypesGoEverywhere(long seed) {
    List<Field> fields = new ArrayList<>();
    RandomTypes.all().forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    RandomBatches random = new RandomBatches(seed, ordinary);
    assertRoundTrip(random.batch(fields, 50), UnaryOperator.identity());
    assertRoundTrip(random.batch(fields, 50), null);
    assertFileRoundTrip(random.batch(fields, 50), CodecType.NO_COMPRESSION, CodecType.ZSTD);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4096, 8192, 8193})
  void binaryValuesOfAnyWidthGoEverywhere(int width) {
    ArrowType type = new ArrowType.FixedSizeBinary(width);
    List<Field> fields = List.of(Field.nullable("x", type));
    RandomBatches random = new RandomBatches(width, ordinary);
    assertRoundTrip(random.batch(fields, 5), UnaryOperator.identity());
    assertFileRoundTrip(random.batch(fields, 5), CodecType.values());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void dictionariesGoEverywhere(long seed) {
    List<Field> values = new ArrayList<>();
    RandomTypes.inDictionaries()
        .forEach(type -> values.add(RandomBatches.field("v" + values.size(), type)));
    values.add(RandomBatches.field("struct", RandomTypes.nested().get(9)));
    RandomBatches random = new RandomBatches(seed, ordinary);
    assertRoundTrip(random.dictionaryBatch(values, 50), UnaryOperator.identity());
    assertFileRoundTrip(
        random.dictionaryBatch(values, 50), CodecType.NO_COMPRESSION, CodecType.ZSTD);
  }

  /** Publishes a batch, as it is or, if {@code prepare} is null, built in shared memory. */
  private void assertRoundTrip(RecordBatch batch, UnaryOperator<RecordBatch> prepare) {
    StreamInfo stream = store.createStream(StreamSpec.create()).block(PATIENCE);
    Semaphore available = new Semaphore(0);
    ChunkCodec<RecordBatch> codec = ChunkCodec.recordBatches();
    try (batch;
        ChunkWriter writer = store.openWriter(stream.id()).block(PATIENCE);
        ChunkReader reader = store.openReader(stream.id(), available::release).block(PATIENCE);
        BufferAllocator shared = ChunkCodec.allocator(writer.memory());
        ChunkCodec.Encoder<RecordBatch> encoder = codec.encoder(writer)) {
      RecordBatch sent = prepare == null ? batch.copyTo(shared) : batch.share();
      ChunkCodec.Encoded encoded = encoder.tryEncode(sent);
      assertThat(encoded).isNotNull();
      assertThat(encoded.copiedBytes() > 0).isEqualTo(prepare != null && hasBytes(batch));
      assertThat(writer.tryPublish(encoded.draft())).isEqualTo(ChunkWriter.Result.OK);
      sent.close();
      writer.finish();
      reader.request(1);
      try (RecordBatch received =
          codec.decoder().decode(next(reader, available), reader.preamble())) {
        assertSame(batch, received);
      }
      writer.onDrained().block(PATIENCE);
    }
  }

  private static boolean hasBytes(RecordBatch batch) {
    return batch.sizeBytes() > 0 || batch.dictionaries().getDictionaryIds().size() > 0;
  }

  private static Chunk next(ChunkReader reader, Semaphore available) {
    for (Chunk chunk = reader.poll(); ; chunk = reader.poll()) {
      if (chunk != null) {
        return chunk;
      }
      try {
        assertThat(available.tryAcquire(10, TimeUnit.SECONDS)).as("a chunk arrives").isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private void assertFileRoundTrip(RecordBatch batch, CodecType... compressions) {
    try (batch) {
      for (CodecType compression : compressions) {
        assertFile(batch, compression);
        assertIpcStream(batch, compression);
      }
    }
  }

  private void assertFile(RecordBatch batch, CodecType compression) {
    Path path = folder.resolve("batches.arrow");
    try (ArrowFileWriter writer = ArrowFileWriter.create(path, compression)) {
      writer.write(batch);
      writer.write(batch);
    }
    List<RecordBatch> read = new ArrayList<>();
    try (ArrowFile file = ArrowFile.open(path)) {
      for (int i = 0; i < file.batchCount(); i++) {
        read.add(file.batch(i));
      }
    }
    assertThat(read).hasSize(2);
    for (RecordBatch outlivesTheFile : read) {
      assertSame(batch, outlivesTheFile);
      outlivesTheFile.close();
    }
  }

  private static void assertIpcStream(RecordBatch batch, CodecType compression) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ArrowStreamWriter writer =
        ArrowStreamWriter.over(Channels.newChannel(bytes), compression)) {
      writer.write(batch);
      writer.write(batch);
    }
    ByteArrayInputStream input = new ByteArrayInputStream(bytes.toByteArray());
    try (ArrowStreamReader reader = ArrowStreamReader.over(Channels.newChannel(input));
        RecordBatch first = reader.next();
        RecordBatch second = reader.next()) {
      assertSame(batch, first);
      assertSame(batch, second);
      assertThat(reader.next()).isNull();
    }
  }

  private static void assertSame(RecordBatch expected, RecordBatch actual) {
    assertThat(actual.schema()).isEqualTo(expected.schema());
    assertThat(actual.rowCount()).isEqualTo(expected.rowCount());
    assertThat(actual.hasSameContent(expected))
        .as("expected %s%nactual %s", expected, actual)
        .isTrue();
  }
}
