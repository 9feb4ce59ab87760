package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;

/** The sample in Python, with Vineyard's own client, on a server of ours. */
class PythonStreamsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final long CHUNKS = 10;
  private static final long ROWS = 1000;
  private static final long ALL = CHUNKS * ROWS;
  private static final String CONSUMED =
      "consumed %s: " + ALL + " rows, sum " + ALL * (ALL - 1) / 2;

  @TempDir private Path folder;
  private String python;
  private BoundServer server;
  private ObjectStore store;

  @BeforeEach
  void start() {
    python = System.getProperty("VINEYARD_PYTHON", System.getenv("VINEYARD_PYTHON"));
    assumeThat(python)
        .as("VINEYARD_PYTHON names a Python with vineyard, as property or in the environment")
        .isNotNull();
    server = VineyardServer.create().socket(folder.resolve("v.sock")).bindNow();
    store = server.connectNow();
  }

  @AfterEach
  void stop() {
    if (store != null) {
      store.close();
      server.disposeNow(PATIENCE);
    }
  }

  @ParameterizedTest
  @CsvSource({"--threads, arrow", "--threads, pandas", "--processes, arrow", "--processes, pandas"})
  void pythonToPython(String how, String kind) throws Exception {
    List<String> said = end(run("both", how, "--as", kind));
    assertThat(said).hasSize(2).anyMatch(line -> line.startsWith("consumed"));
    assertThat(said.toString()).contains(ALL + " rows, sum " + ALL * (ALL - 1) / 2);
    assertThat(store.list("*", 1).collectList().block(PATIENCE)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"arrow", "pandas"})
  void pythonToJava(String kind) throws Exception {
    Process producer = run("produce", "--name", "numbers", "--as", kind);
    long sum =
        store
            .getName("numbers", PATIENCE)
            .flatMap(id -> RecordBatchStream.open(store, id))
            .flatMapMany(stream -> stream.reader(PythonStreamsIT::sum))
            .reduce(0L, Long::sum)
            .block(PATIENCE);
    assertThat(sum).isEqualTo(ALL * (ALL - 1) / 2);
    assertThat(end(producer)).containsExactly("produced numbers: 10 chunks of 1000 rows");
    assertThat(store.status().block(PATIENCE).leases()).isZero();
  }

  private static long sum(RecordBatch batch) {
    BigIntVector n = batch.vector("n", BigIntVector.class);
    long sum = 0;
    for (int row = 0; row < batch.rowCount(); row++) {
      sum += n.get(row);
    }
    return sum;
  }

  @Test
  void javaToPython() throws Exception {
    Process consumer = run("consume", "--name", "numbers");
    RecordBatchStream stream =
        RecordBatchStream.create(store, StreamSpec.named("numbers")).block(PATIENCE);
    var writer = stream.writer().block(PATIENCE);
    writer
        .write(Flux.range(0, (int) CHUNKS).map(chunk -> batch(chunk * ROWS, writer.allocator())))
        .block(PATIENCE);
    assertThat(end(consumer)).containsExactly(CONSUMED.formatted("numbers"));
    assertThat(store.list("*", 1).collectList().block(PATIENCE)).isEmpty();
  }

  private static RecordBatch batch(long first, BufferAllocator allocator) {
    BigIntVector n = new BigIntVector("n", allocator);
    Float8Vector half = new Float8Vector("half", allocator);
    for (int row = 0; row < ROWS; row++) {
      n.setSafe(row, first + row);
      half.setSafe(row, (first + row) / 2.0);
    }
    n.setValueCount((int) ROWS);
    half.setValueCount((int) ROWS);
    return RecordBatch.of(VectorSchemaRoot.of(n, half));
  }

  private Process run(String... options) throws IOException {
    List<String> command =
        new ArrayList<>(List.of(python, "python/streams.py", options[0], "--socket"));
    command.add(server.socket().toString());
    command.addAll(List.of(options).subList(1, options.length));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(Files.createTempFile(folder, "said", ".txt").toFile())
        .start();
  }

  private List<String> end(Process process) throws IOException, InterruptedException {
    boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    process.destroyForcibly();
    List<String> said = new ArrayList<>();
    try (var files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".txt")).toList()) {
        said.addAll(Files.readAllLines(file));
      }
    }
    assertThat(ended).as("the end of %s, which said %s", process, said).isTrue();
    assertThat(process.exitValue()).as("exit code after %s", said).isZero();
    return said;
  }
}
