package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoredObject;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardD;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ByteChunk;
import io.vineyard.store.arrow.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Flux;

/** Streams of a Vineyard server that is none of ours, with Vineyard's Python client at one end. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VineyardDStreamsIT {
  private static final long CAPACITY_BYTES = 64 << 20;
  private static final int CHUNKS = 50;

  private @Nullable VineyardD server;
  private @Nullable ObjectStore store;

  @BeforeAll
  void start() {
    server = VineyardD.start(CAPACITY_BYTES);
  }

  @AfterAll
  void kill() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void connect() {
    store = server().connect();
  }

  @AfterEach
  void nothingIsLeft() {
    try (ObjectStore closing = store()) {
      Waits.until("no used bytes", () -> Waits.value(closing.status()).usedBytes() == 0);
      assertThat(Batches.FOREIGN.getAllocatedMemory()).isZero();
    }
  }

  private VineyardD server() {
    return Objects.requireNonNull(server);
  }

  private ObjectStore store() {
    return Objects.requireNonNull(store);
  }

  private CompletableFuture<String> python(String program) {
    return CompletableFuture.supplyAsync(() -> server().python(program));
  }

  @Test
  void pythonReadsBatchesThatAreWrittenHere() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store(), StreamSpec.named("written").windowChunks(4)));
    CompletableFuture<String> sum =
        python(
            """
            import sys, vineyard
            client = vineyard.connect(sys.argv[1])
            reader = client.get(client.get_name("written")).open_reader(client)
            total = 0
            try:
                while True:
                    total += sum(reader.next()["x"].to_pylist())
            except StopIteration:
                print(total)
            """);
    try (StreamWriter<RecordBatch> writer = Waits.value(stream.writer())) {
      Flux<RecordBatch> batches =
          Flux.range(0, CHUNKS)
              .map(i -> Batches.counting(i % 2 == 0 ? writer.allocator() : Batches.FOREIGN, i, 1));
      Waits.done(writer.write(batches));
    }
    assertThat(sum).succeedsWithin(Waits.PATIENCE).isEqualTo("" + CHUNKS * (CHUNKS - 1) / 2);
    Waits.done(store().delete(stream.id()).onErrorComplete());
  }

  @Test
  void batchesThatPythonWritesAreReadHere() {
    CompletableFuture<String> written =
        python(
            """
            import sys, vineyard, pyarrow
            from vineyard.io.recordbatch import RecordBatchStream
            client = vineyard.connect(sys.argv[1])
            stream = RecordBatchStream.new(client)
            client.persist(stream.id)
            client.put_name(stream.id, "there")
            writer = stream.open_writer(client)
            for i in range(50):
                batch = pyarrow.RecordBatch.from_arrays([pyarrow.array([i], "int64")], ["x"])
                writer.append(client.put(batch))
            writer.finish()
            """);
    ObjectId id = Waits.value(store().getName("there", Waits.PATIENCE));
    RecordBatchStream stream = Waits.value(RecordBatchStream.open(store(), id));
    List<Long> read = Waits.value(stream.reader().map(Batches::first).collectList());
    assertThat(read).hasSize(CHUNKS).isSorted();
    assertThat(written).succeedsWithin(Waits.PATIENCE);
  }

  @Test
  void batchesCrossBetweenClientsHere() {
    try (ObjectStore other = server().connect()) {
      RecordBatchStream stream =
          Waits.value(RecordBatchStream.create(store(), StreamSpec.create().windowChunks(4)));
      RecordBatchStream elsewhere = Waits.value(RecordBatchStream.open(other, stream.id()));
      CompletableFuture<List<Long>> read =
          elsewhere.reader().map(Batches::first).collectList().toFuture();
      try (StreamWriter<RecordBatch> writer = Waits.value(stream.writer())) {
        Waits.done(
            writer.write(
                Flux.range(0, CHUNKS).map(i -> Batches.counting(writer.allocator(), i, 1))));
      }
      assertThat(read).succeedsWithin(Waits.PATIENCE);
      assertThat(read.join()).hasSize(CHUNKS).isSorted();
    }
  }

  @Test
  void pythonReadsBytesThatAreWrittenHere() {
    ByteStream stream = Waits.value(ByteStream.create(store(), StreamSpec.named("bytes here")));
    CompletableFuture<String> text =
        python(
            """
            import sys, vineyard
            client = vineyard.connect(sys.argv[1])
            reader = client.get(client.get_name("bytes here")).open_reader(client)
            text = b""
            try:
                while True:
                    text += bytes(reader.next())
            except StopIteration:
                print(text.decode())
            """);
    try (StreamWriter<ByteChunk> writer = Waits.value(stream.writer())) {
      Waits.done(
          writer.write(
              Flux.just("one ", "two ", "three")
                  .map(word -> ByteChunk.copyOf(word.getBytes(StandardCharsets.UTF_8)))));
    }
    assertThat(text).succeedsWithin(Waits.PATIENCE).isEqualTo("one two three");
    Waits.done(store().delete(stream.id()).onErrorComplete());
  }

  @Test
  void bytesThatPythonWritesAreReadHere() {
    CompletableFuture<String> written =
        python(
            """
            import sys, vineyard
            from vineyard.io.byte import ByteStream
            client = vineyard.connect(sys.argv[1])
            stream = ByteStream.new(client, {})
            client.persist(stream.id)
            client.put_name(stream.id, "bytes there")
            writer = stream.open_writer(client)
            for word in [b"one ", b"two ", b"three"]:
                chunk = writer.next(len(word))
                memoryview(chunk)[:] = word
            writer.finish()
            """);
    ObjectId id = Waits.value(store().getName("bytes there", Waits.PATIENCE));
    ByteStream stream = Waits.value(ByteStream.open(store(), id));
    String read =
        Waits.value(
            stream
                .reader()
                .map(VineyardDStreamsIT::text)
                .collectList()
                .map(words -> String.join("", words)));
    assertThat(read).isEqualTo("one two three");
    assertThat(written).succeedsWithin(Waits.PATIENCE);
  }

  private static String text(ByteChunk chunk) {
    try (chunk) {
      return new String(chunk.toByteArray(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void pythonGetsABatchThatIsPutHere() {
    ObjectId id;
    try (RecordBatch batch = Batches.counting(Batches.FOREIGN, 5, 3)) {
      id = Waits.value(store().put(batch));
    }
    Waits.done(store().putName(id, "batch"));
    String printed =
        server()
            .python(
                """
                import sys, vineyard
                client = vineyard.connect(sys.argv[1])
                print(client.get(client.get_name("batch")).column(0).to_pylist())
                """);
    assertThat(printed).isEqualTo("[5, 6, 7]");
    try (StoredObject object = Waits.value(store().get(id))) {
      assertThat(object.meta().typeName()).isEqualTo("vineyard::RecordBatch");
    }
    try (RecordBatch batch = Waits.value(store().get(id, RecordBatch.LAYOUT))) {
      assertThat(Batches.sum(batch)).isEqualTo(18);
    }
    Waits.done(store().delete(id));
  }

  @Test
  void failureReachesTheReaderHere() {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store()));
    CompletableFuture<Long> read = stream.reader().map(Batches::first).count().toFuture();
    try (StreamWriter<RecordBatch> writer = Waits.value(stream.writer())) {
      writer.tryEmitNext(Batches.counting(writer.allocator(), 1, 1)).orThrow();
      writer.tryEmitError(new IllegalStateException("row 7 is no number")).orThrow();
    }
    assertThat(read)
        .failsWithin(Waits.PATIENCE)
        .withThrowableThat()
        .withMessageContaining("row 7 is no number");
  }
}
