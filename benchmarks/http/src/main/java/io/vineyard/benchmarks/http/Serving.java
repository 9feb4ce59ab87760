package io.vineyard.benchmarks.http;

import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import io.netty.buffer.PooledByteBufAllocator;
import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Usage;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.spring.VineyardCodecs;
import io.vineyard.spring.VineyardMediaTypes;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.arrow.ArrowStreamWriter;
import io.vineyard.store.arrow.BatchBuilder;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.io.ByteArrayOutputStream;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ReactorHttpHandlerAdapter;
import org.springframework.web.reactive.function.BodyInserters;
import org.springframework.web.reactive.function.server.HandlerStrategies;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerRequest;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/**
 * A service on WebFlux. Its batches come out of a stream, as Arrow or as JSON, or are one array of
 * bytes, prepared before, that is sent again and again.
 */
final class Serving implements End {
  private static final long PATIENCE_SECONDS = 60;

  /** A row, as Jackson writes it. */
  record Row(long c0, long c1, long c2, long c3) {}

  private final ObjectStore store = EmbeddedStore.create().capacity(2L << 30).open();
  private final ConcurrentHashMap<Long, CompletableFuture<Long>> rounds = new ConcurrentHashMap<>();
  private final DisposableServer server;

  Serving() {
    HandlerStrategies strategies =
        HandlerStrategies.builder().codecs(VineyardCodecs::register).build();
    var routes =
        route()
            .GET("/arrow", request -> serve(request, this::arrow))
            .GET("/json", request -> serve(request, this::json))
            .GET("/bytes", request -> serve(request, this::bytes))
            .build();
    this.server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .handle(
                new ReactorHttpHandlerAdapter(RouterFunctions.toHttpHandler(routes, strategies)))
            .bindNow();
  }

  @Override
  public Line ready() {
    return Line.of(EndLoop.READY).with("port", server.port());
  }

  @Override
  public Line on(Line line) throws Exception {
    Round round = Round.of(line);
    Usage before = Usage.now();
    long count = count(round.id()).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    long garbage = Usage.now().allocatedBytes() - before.allocatedBytes();
    rounds.remove(round.id());
    return Line.of(EndLoop.DONE)
        .with("count", count)
        .with("garbage", Math.max(0, garbage) / Math.max(1, count));
  }

  private CompletableFuture<Long> count(long round) {
    return rounds.computeIfAbsent(round, id -> new CompletableFuture<>());
  }

  private interface Body {
    Mono<ServerResponse> of(Round round, AtomicLong count);
  }

  private static Mono<ServerResponse> serve(ServerRequest request, Body body) {
    Round round =
        new Round(
            number(request, "id"),
            Work.HAND_OFF,
            (int) number(request, "bytes"),
            number(request, "millis"),
            number(request, "count"));
    return body.of(round, new AtomicLong());
  }

  private static long number(ServerRequest request, String name) {
    return Long.parseLong(request.queryParam(name).orElseThrow());
  }

  private Mono<ServerResponse> arrow(Round round, AtomicLong count) {
    Flux<RecordBatch> body = batches(round, count, false);
    return ok().contentType(VineyardMediaTypes.ARROW_STREAM)
        .body(counted(body, round, count), RecordBatch.class);
  }

  /** Each batch is written by Jackson as one list of rows. */
  private Mono<ServerResponse> json(Round round, AtomicLong count) {
    Flux<List<Row>> body =
        batches(round, count, true).transform(RecordBatches.toRows(Row.class)).buffer(round.rows());
    return ok().contentType(MediaType.APPLICATION_JSON)
        .body(counted(body, round, count), new ParameterizedTypeReference<List<Row>>() {});
  }

  /** Sends the same bytes again and again. */
  private Mono<ServerResponse> bytes(Round round, AtomicLong count) {
    byte[] message = message(round);
    NettyDataBufferFactory buffers = new NettyDataBufferFactory(PooledByteBufAllocator.DEFAULT);
    Round.Clock clock = round.start();
    Flux<DataBuffer> body =
        Flux.generate(
            sink -> {
              if (clock.isOver(count.get())) {
                sink.complete();
              } else {
                count.incrementAndGet();
                sink.next(buffers.wrap(message));
              }
            });
    return ok().contentType(VineyardMediaTypes.ARROW_STREAM)
        .body(BodyInserters.fromDataBuffers(counted(body, round, count)));
  }

  private static byte[] message(Round round) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        RecordBatch batch = RecordBatch.of(Vectors.build(allocator, round, 0));
        ArrowStreamWriter writer = ArrowStreamWriter.over(Channels.newChannel(bytes))) {
      writer.write(batch);
    }
    return bytes.toByteArray();
  }

  private <T> Flux<T> counted(Flux<T> body, Round round, AtomicLong count) {
    return body.doFinally(end -> count(round.id()).complete(count.get()));
  }

  private Flux<RecordBatch> batches(Round round, AtomicLong count, boolean isFilled) {
    return RecordBatchStream.create(store)
        .flatMapMany(
            stream ->
                stream
                    .writer()
                    .flatMapMany(
                        writer -> {
                          writer
                              .write(written(round, count, isFilled, writer))
                              .doFinally(end -> writer.close())
                              .subscribe();
                          return stream.reader();
                        }));
  }

  private static Flux<RecordBatch> written(
      Round round, AtomicLong count, boolean isFilled, StreamWriter<RecordBatch> writer) {
    BatchBuilder builder = BatchBuilder.of(Vectors.SCHEMA, writer.allocator());
    Round.Clock clock = round.start();
    return Flux.generate(
        sink -> {
          long number = count.get();
          if (clock.isOver(number)) {
            sink.complete();
          } else {
            count.incrementAndGet();
            sink.next(
                builder.build(round.rows(), columns -> fill(columns, isFilled, round, number)));
          }
        });
  }

  private static void fill(List<FieldVector> columns, boolean isFilled, Round round, long number) {
    for (int column = 0; isFilled && column < columns.size(); column++) {
      long address = columns.get(column).getDataBufferAddress();
      Columns.fill(Work.PIPELINE, column, address, round.rows(), number);
    }
  }

  @Override
  public void close() {
    server.disposeNow(Duration.ofSeconds(PATIENCE_SECONDS));
    StoreStatus status = Objects.requireNonNull(store.status().block());
    store.close();
    if (status.leases() != 0) {
      throw new IllegalStateException("expected no leases at the end, got " + status);
    }
  }
}
