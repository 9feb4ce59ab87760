package io.vineyard.samples.cluster;

import io.vineyard.http.StreamBridge;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** Streams batches from one instance to the other, whose reader is slow. */
final class StreamMove {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Duration PROGRESS = Duration.ofSeconds(1);
  private static final Duration READING = Duration.ofMillis(1);
  private static final int ROWS = 4096;

  /** A name is one in the whole cluster, so that the stream at the other instance has none. */
  private static final String NAME = "numbers-" + ProcessHandle.current().pid();

  private final ObjectStore near;
  private final ObjectStore far;
  private final StreamSpec spec = StreamSpec.create().windowChunks(64);
  private final AtomicLong read = new AtomicLong();
  private final AtomicLong mostAhead = new AtomicLong();

  StreamMove(ObjectStore near, ObjectStore far) {
    this.near = near;
    this.far = far;
  }

  /** Returns whether all batches arrived in order. */
  boolean move(int batches) {
    RecordBatchStream source = RecordBatchStream.create(near, spec.name(NAME)).block(PATIENCE);
    RecordBatchStream target = RecordBatchStream.create(far, spec).block(PATIENCE);
    StreamBridge bridge = StreamBridge.create();
    DisposableServer server =
        HttpServer.create().host("127.0.0.1").port(0).route(bridge.serve(near)).bindNow();
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/streams/" + NAME);
    System.out.printf(
        "stream: %d batches of %d KiB from %s; the reader takes 1 ms for each%n",
        batches, (ROWS * Long.BYTES) >> 10, uri);
    long start = System.nanoTime();
    try (StreamWriter<RecordBatch> writer = source.writerNow()) {
      Disposable progress = Flux.interval(PROGRESS).subscribe(second -> report(writer));
      Mono.when(
              writer.write(Flux.range(0, batches).map(n -> batch(n, writer))),
              bridge.pull(uri, target),
              target.reader().concatMap(this::readSlowly, 1))
          .doFinally(end -> progress.dispose())
          .block(PATIENCE);
    } finally {
      server.disposeNow();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "stream: %d of %d batches arrived in order, %.0f batches/s; the writer was held, at most"
            + " %d ahead%n",
        read.get(), batches, read.get() / seconds, mostAhead.get());
    return read.get() == batches;
  }

  private RecordBatch batch(int number, StreamWriter<RecordBatch> writer) {
    mostAhead.accumulateAndGet(number - read.get(), Math::max);
    BufferAllocator memory = writer.allocator();
    BigIntVector numbers = new BigIntVector("n", memory);
    numbers.allocateNew(ROWS);
    numbers.setValueCount(ROWS);
    for (int row = 0; row < ROWS; row++) {
      numbers.set(row, (long) number * ROWS + row);
    }
    return RecordBatch.of(VectorSchemaRoot.of(numbers));
  }

  private void report(StreamWriter<RecordBatch> writer) {
    long written = writer.stats().elements();
    System.out.printf(
        "stream: %d written, %d read, %d under way%n", written, read.get(), written - read.get());
  }

  private Mono<Long> readSlowly(RecordBatch batch) {
    try (batch) {
      long first = batch.values("n").getLong(0);
      if (first != read.get() * ROWS) {
        return Mono.error(
            new IllegalStateException("expected row " + read.get() * ROWS + ", got " + first));
      }
    }
    read.incrementAndGet();
    return Mono.delay(READING);
  }
}
