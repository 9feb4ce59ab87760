package io.vineyard.benchmarks.http;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.http.StreamBridge;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.BatchBuilder;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.util.retry.Retry;

/**
 * A side of a bridge with a store of its own: {@code writer} writes and serves, {@code reader
 * port=N} pulls and reads.
 */
public final class BridgeEnd implements End {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(5);
  private static final StreamBridge BRIDGE =
      StreamBridge.create().timeout(Duration.ofSeconds(20)); // others keep the cores busy

  private final ObjectStore store = EmbeddedStore.create().capacity(2L << 30).open();
  private final @Nullable DisposableServer server;
  private final int port;

  private BridgeEnd(Line arguments) {
    boolean isNear = arguments.verb().equals("writer");
    server =
        isNear
            ? HttpServer.create().host("127.0.0.1").port(0).route(BRIDGE.serve(store)).bindNow()
            : null;
    port = server == null ? (int) arguments.number("port") : server.port();
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, BridgeEnd::new);
  }

  @Override
  public Line ready() {
    return Line.of(EndLoop.READY).with("port", port);
  }

  @Override
  public Line on(Line line) {
    Round round = Round.of(line);
    String name = "r" + round.id();
    RecordBatchStream stream =
        RecordBatchStream.create(store, StreamSpec.named(name)).block(PATIENCE);
    return server == null ? read(round, name, stream) : write(round, stream);
  }

  private static Line write(Round round, RecordBatchStream stream) {
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      writer.write(batches(round, writer)).block(PATIENCE.plusMillis(round.millis()));
      writer.onDrained().block(PATIENCE);
      return Line.of(EndLoop.DONE).with("count", writer.stats().elements());
    }
  }

  private static Flux<RecordBatch> batches(Round round, StreamWriter<RecordBatch> writer) {
    BatchBuilder builder = BatchBuilder.of(Vectors.SCHEMA, writer.allocator());
    Round.Clock clock = round.start();
    return Flux.generate(
        () -> 0L,
        (number, sink) -> {
          if (clock.isOver(number)) {
            sink.complete();
          } else {
            sink.next(builder.build(round.rows(), columns -> fill(columns, round, number)));
          }
          return number + 1;
        });
  }

  private static void fill(List<FieldVector> columns, Round round, long number) {
    for (int column = 0; column < columns.size(); column++) {
      long address = columns.get(column).getDataBufferAddress();
      Columns.fill(round.work(), column, address, round.rows(), number);
    }
  }

  private Line read(Round round, String name, RecordBatchStream stream) {
    Arrivals arrivals = new Arrivals();
    Mono<Void> pulled =
        BRIDGE
            .pull(URI.create("http://127.0.0.1:" + port + "/streams/" + name), stream)
            .retryWhen(Retry.fixedDelay(Long.MAX_VALUE, POLL).filter(BridgeEnd::isEarly));
    Flux<Void> read =
        stream.reader(
            batch -> {
              Vectors.check(batch.vectors(), round, arrivals.next());
              return null;
            });
    Mono.when(pulled, read).block(PATIENCE.plusMillis(round.millis()));
    return arrivals.done();
  }

  private static boolean isEarly(Throwable error) {
    return error instanceof VineyardException typed && typed.code() == ErrorCode.OBJECT_NOT_EXISTS;
  }

  @Override
  public void close() {
    if (server != null) {
      server.disposeNow(PATIENCE);
    }
    StoreStatus status = store.status().block(PATIENCE);
    store.close();
    if (status.leases() != 0 || status.streams() != 0) {
      throw new IllegalStateException("expected no leases and streams at the end, got " + status);
    }
  }
}
