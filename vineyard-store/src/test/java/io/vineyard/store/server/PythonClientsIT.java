package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ArrowStreamDecoder;
import io.vineyard.store.arrow.ArrowStreamWriter;
import io.vineyard.store.arrow.ByteChunk;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RandomBatches;
import io.vineyard.store.arrow.RandomTypes;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.arrow.SameValues;
import io.vineyard.store.arrow.vineyard.HeldTypes;
import io.vineyard.store.process.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** Streams with Vineyard's own client in Python at one end, or at both. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PythonClientsIT {
  private static final String PYTHON = "VINEYARD_PYTHON";
  private static final Path SCRIPT = Path.of("src/test/resources/python/peer.py");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long BIG_BYTES = Long.getLong("python.bytes", 1L << 30);
  private static final int STREAMS = Integer.getInteger("python.streams", 1000);
  private static final int CHUNKS = Integer.getInteger("python.chunks", 5000);
  private static final int ROWS = 29;

  /** Ours, and two for each peer: one that all of a process share, and one of its own. */
  private static final int CLIENTS = 5;

  private Path folder;
  private final BufferAllocator allocator = new RootAllocator();
  private BoundServer server;
  private ObjectStore store;
  private ChildJvm python;
  private ChildJvm other;

  @BeforeAll
  void start(@TempDir Path shared) throws IOException {
    folder = shared;
    String found = System.getProperty(PYTHON, System.getenv(PYTHON));
    assumeThat(found)
        .as("%s names a Python with vineyard, as property or in the environment", PYTHON)
        .isNotNull();
    assumeThat(hasVineyard(found)).as("%s has vineyard", found).isTrue();
    server =
        VineyardServer.create()
            .socket(folder.resolve("store.sock"))
            .capacity(Math.max(256L << 20, BIG_BYTES / 2 * 3))
            .segmentBytes(16 << 20)
            .bindNow();
    store = server.connectNow();
    python = peer();
    other = peer();
  }

  private static boolean hasVineyard(String python) throws IOException {
    Process process =
        new ProcessBuilder(python, "-c", "import vineyard, pyarrow, pandas")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      process.destroyForcibly();
    }
  }

  private ChildJvm peer() {
    String found = System.getProperty(PYTHON, System.getenv(PYTHON));
    ChildJvm peer =
        ChildJvm.startOther(List.of(found, "-B", SCRIPT.toString(), server.socket().toString()));
    peer.expect("ready", PATIENCE);
    return peer;
  }

  @AfterAll
  void end() {
    if (server != null) {
      for (ChildJvm peer : List.of(python, other)) {
        peer.endInput();
        peer.awaitExit();
        peer.close();
      }
      Waits.untilIdle(store);
      store.close();
      server.disposeNow(Waits.PATIENCE);
      allocator.close();
    }
  }

  /** Nothing is left of any test but what the two peers may still use. */
  @AfterEach
  void nothingIsLeft() {
    StoreStatus[] now = new StoreStatus[1];
    Waits.until(
        () -> "a store that is empty but for its clients, it is " + now[0],
        () -> {
          now[0] = Waits.value(store.status());
          return now[0].streams() == 0
              && now[0].leases() == 0
              && now[0].objects() == 0
              && now[0].names() == 0
              && now[0].clients() == CLIENTS;
        });
    assertThat(allocator.getAllocatedMemory()).isZero();
  }

  private static String ask(ChildJvm peer, String task) {
    peer.send(task);
    return peer.expect("done", PATIENCE);
  }

  private String ask(String task) {
    return ask(python, task);
  }

  private ObjectId named(String name) {
    return Waits.value(store.getName(name));
  }

  // Between Pythons.

  @Test
  void pythonReadsWhatPythonWrote() {
    String count = ask("write_batches batches pp " + folder);
    assertThat(ask(other, "read_batches pp " + folder)).isEqualTo(count);
    String frames = ask("write_frames pf " + folder);
    assertThat(ask(other, "read_frames pf")).isEqualTo(frames);
    ask("write_batches dataframes pd " + folder);
    assertThat(ask(other, "read_dataframes pd " + folder)).isEqualTo(count);
    ask("write_bytes pb 1 1000 100000");
    assertThat(ask(other, "read_bytes pb 1 1000 100000")).isEqualTo("3");
    ask("drop pp pf pd pb");
  }

  // To Java.

  @ParameterizedTest
  @ValueSource(strings = {"batches", "dataframes"})
  void javaReadsBatchesOfPython(String kind) {
    int count = Integer.parseInt(ask("write_batches " + kind + " pj " + folder));
    assertJavaReads("pj", kind, count);
    ask("drop pj");
  }

  @Test
  void javaReadsFramesOfPandas() {
    int count = Integer.parseInt(ask("write_frames fj " + folder));
    assertJavaReads("fj", "dataframes", count);
    ask("drop fj");
  }

  private static ChunkCodec<RecordBatch> codec(String kind) {
    return kind.equals("batches") ? ChunkCodec.recordBatches() : ChunkCodec.dataframes();
  }

  private void assertJavaReads(String name, String kind, int count) {
    try (ReaderDriver driver = ReaderDriver.open(store, named(name), Long.MAX_VALUE)) {
      // What Python appends may each have a schema of its own.
      ChunkCodec.Decoder<RecordBatch> decoder = codec("dataframes").decoder();
      for (int i = 0; i < count; i++) {
        try (RecordBatch expected = load(name, i);
            RecordBatch read = decoder.decode(driver.next(), driver.reader().preamble())) {
          SameValues.check(read, expected);
          assertThat(kind.equals("batches") || read.schema().equals(expected.schema())).isTrue();
        }
      }
      assertThat(driver.end()).isNull();
    }
  }

  private Path path(String name, int number) {
    return folder.resolve(name + "-" + number + ".stream");
  }

  private RecordBatch load(String name, int number) {
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, 1 << 20)) {
      return decoder.next(ByteBuffer.wrap(Files.readAllBytes(path(name, number))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void javaReadsBytesOfPython() {
    ask("write_bytes bj 1 1000 100000");
    try (ReaderDriver driver = ReaderDriver.open(store, named("bj"), 9)) {
      ChunkCodec.Decoder<ByteChunk> decoder = ChunkCodec.bytes().decoder();
      int number = 0;
      for (int size : new int[] {1, 1000, 100_000}) {
        number++;
        try (ByteChunk chunk = decoder.decode(driver.next(), driver.reader().preamble())) {
          assertThat(chunk.toByteArray()).hasSize(size).containsOnly(number);
        }
      }
      assertThat(driver.end()).isNull();
    }
    ask("drop bj");
  }

  @Test
  void javaReadsAChunkThatIsVeryLarge() {
    ask("write_bytes huge " + BIG_BYTES);
    try (ReaderDriver driver = ReaderDriver.open(store, named("huge"), 9);
        ByteChunk chunk =
            ChunkCodec.bytes().decoder().decode(driver.next(), driver.reader().preamble())) {
      assertThat(chunk.sizeBytes()).isEqualTo(BIG_BYTES);
      for (long offset = 0; offset < BIG_BYTES; offset += BIG_BYTES / 16) {
        assertThat(chunk.view(offset, 1).get(0)).isEqualTo((byte) 1);
      }
      assertThat(chunk.view(BIG_BYTES - 1, 1).get(0)).isEqualTo((byte) 1);
      assertThat(driver.end()).isNull();
    }
    ask("drop huge");
  }

  @Test
  void javaReadsManySmallChunks() {
    python.send("write_numbers many " + CHUNKS + " 2");
    ObjectId stream = Waits.value(store.getName("many", Waits.PATIENCE));
    try (ReaderDriver driver = ReaderDriver.open(store, stream, Long.MAX_VALUE)) {
      ChunkCodec.Decoder<RecordBatch> decoder = ChunkCodec.recordBatches().decoder();
      long next = 0;
      for (int i = 0; i < CHUNKS; i++) {
        try (RecordBatch read = decoder.decode(driver.next(), driver.reader().preamble())) {
          BigIntVector numbers = (BigIntVector) read.vector(0);
          assertThat(numbers.get(0)).isEqualTo(next++);
          assertThat(numbers.get(1)).isEqualTo(next++);
        }
      }
      assertThat(driver.end()).isNull();
    }
    python.expect("done", PATIENCE);
    ask("drop many");
  }

  @Test
  void javaReadsManyStreams() {
    ask("write_streams s " + STREAMS);
    ChunkCodec<RecordBatch> codec = ChunkCodec.recordBatches();
    for (int i = 0; i < STREAMS; i++) {
      try (ReaderDriver driver = ReaderDriver.open(store, named("s-" + i), 9)) {
        try (RecordBatch read = codec.decoder().decode(driver.next(), null)) {
          assertThat(((BigIntVector) read.vector(0)).get(0)).isEqualTo(i);
        }
        assertThat(driver.end()).isNull();
      }
    }
    ask("drop_streams s " + STREAMS);
  }

  // From Java.

  private void write(String name, String kind, List<RecordBatch> batches) {
    String type = kind.equals("batches") ? StreamSpec.RECORD_BATCHES : StreamSpec.DATAFRAMES;
    ObjectId stream = Waits.value(store.createStream(StreamSpec.named(name).typeName(type))).id();
    try (ChunkWriter writer = Waits.value(store.openWriter(stream));
        ChunkCodec.Encoder<RecordBatch> encoder = codec(kind).encoder(writer)) {
      for (int i = 0; i < batches.size(); i++) {
        save(name, i, batches.get(i));
        ChunkCodec.Encoded encoded = encoder.tryEncode(batches.get(i));
        assertThat(writer.tryPublish(encoded.draft())).isEqualTo(ChunkWriter.Result.OK);
      }
      writer.finish();
    }
  }

  private void save(String name, int number, RecordBatch batch) {
    try (FileChannel channel =
            FileChannel.open(
                path(name, number), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowStreamWriter writer = ArrowStreamWriter.over(channel)) {
      writer.write(batch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Field> fields(RandomTypes.Type type) {
    return List.of(RandomBatches.field("x", type));
  }

  private List<RecordBatch> batches(RandomTypes.Type type) {
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    List<RecordBatch> batches = new ArrayList<>();
    for (int rows : new int[] {ROWS, 0, 1}) {
      batches.add(random.batch(fields(type), rows));
    }
    batches.add(batches.get(0).slice(3, ROWS - 5));
    return batches;
  }

  @Test
  void pythonReadsBatchesOfJava() {
    List<RandomTypes.Type> held =
        RandomTypes.all().stream()
            .filter(type -> HeldTypes.canHold(new Schema(fields(type))))
            .toList();
    for (RandomTypes.Type type : held) {
      List<RecordBatch> batches = batches(type);
      write("jp", "batches", batches);
      assertThat(ask("read_batches jp " + folder)).as("%s", type).isEqualTo("4");
      batches.forEach(RecordBatch::close);
    }
    Waits.done(clear()); // what Python puts for comparison, and gives up in the middle
  }

  @Test
  void pythonReadsFramesOfJava() {
    for (RandomTypes.Type type : RandomTypes.flat()) {
      List<RecordBatch> batches = batches(type);
      write("jd", "dataframes", batches);
      assertThat(ask("read_dataframes jd " + folder)).as("%s", type).isEqualTo("4");
      batches.forEach(RecordBatch::close);
    }
  }

  @Test
  void pythonReadsBytesOfJava() {
    ObjectId stream =
        Waits.value(store.createStream(StreamSpec.named("jb").typeName(StreamSpec.BYTES))).id();
    try (ChunkWriter writer = Waits.value(store.openWriter(stream));
        ChunkCodec.Encoder<ByteChunk> encoder = ChunkCodec.bytes().encoder(writer)) {
      byte number = 0;
      for (int size : new int[] {1, 1000, 100_000}) {
        number++;
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, number);
        try (ByteChunk chunk = ByteChunk.copyOf(bytes)) {
          assertThat(writer.tryPublish(encoder.tryEncode(chunk).draft()))
              .isEqualTo(ChunkWriter.Result.OK);
        }
      }
      writer.finish();
      assertThat(ask("read_bytes jb 1 1000 100000")).isEqualTo("3");
    }
  }

  // Deaths.

  @ParameterizedTest
  @ValueSource(strings = {"batches", "bytes"})
  void killedWriterIsHeardOfAfterWhatItPublished(String kind) {
    ChildJvm dying = peer();
    ask(dying, "begin_writing " + kind + " killed 5");
    int published = kind.equals("bytes") ? 4 : 5;
    ReaderDriver driver = ReaderDriver.open(store, named("killed"), 99);
    for (int i = 0; i < published; i++) {
      driver.next().close();
    }
    long begun = System.nanoTime();
    dying.close();
    assertThat(driver.end().code()).isEqualTo(ErrorCode.WRITER_LOST);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(1));
    driver.close();
    ask("drop killed");
  }

  /** Deletes objects that no stream has, which stay as in Vineyard. */
  private Mono<Void> clear() {
    return store
        .list("*", 100)
        .concatMap(meta -> store.delete(meta.requireId()).onErrorComplete())
        .then();
  }

  @Test
  void pythonHearsThatItsWriterWasKilled() {
    ChildJvm dying = peer();
    ask(dying, "begin_writing batches killed 5");
    dying.close();
    assertThat(ask("read_rest killed")).isEqualTo("5 failed");
    ask("drop killed");
  }

  @Test
  void killedReadersChunkComesBack() {
    ask("write_bytes held 1000 2000 3000");
    ChildJvm dying = peer();
    ask(dying, "begin_reading held");
    dying.close();
    Waits.until("the reader to be gone", () -> Waits.value(store.status()).clients() == CLIENTS);
    assertThat(ask(other, "read_bytes held 1000 2000 3000")).isEqualTo("3");
    ask("drop held");
  }

  @Test
  void killedReadersChunkComesBackToJava() {
    ask("write_bytes held 1000 2000");
    ChildJvm dying = peer();
    ask(dying, "begin_reading held");
    dying.close();
    Waits.until("the reader to be gone", () -> Waits.value(store.status()).clients() == CLIENTS);
    try (ReaderDriver driver = ReaderDriver.open(store, named("held"), 9)) {
      try (Chunk chunk = driver.next()) {
        assertThat(chunk.dataBytes()).isEqualTo(1000);
      }
      driver.next().close();
      assertThat(driver.end()).isNull();
    }
    ask("drop held");
  }
}
