package io.vineyard.reactive.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.vineyard.reactive.Batches;
import io.vineyard.reactive.ByteStream;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ByteChunk;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Traces go on at the other end of a stream. */
class ObservationsTest {
  private static final String KEY = "micrometer.observation";

  private final ObjectStore writes = EmbeddedStore.create().segmentBytes(1 << 20).open();
  private final ObjectStore reads = Waits.value(writes.fork());
  private final Traces writing = new Traces();
  private final Traces reading = new Traces();

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(writes);
    writes.close();
    reads.close();
  }

  private void observe() {
    VineyardObservations.of(writing.registry).observe(writes);
    VineyardObservations.of(reading.registry).observe(reads);
  }

  private RecordBatchStream create() {
    return Waits.value(RecordBatchStream.create(writes, StreamSpec.named("flights")));
  }

  private RecordBatchStream elsewhere() {
    return Waits.value(RecordBatchStream.open(reads, "flights"));
  }

  private static Mono<Void> write(StreamWriter<RecordBatch> writer, int batches) {
    return writer.write(
        Flux.range(0, batches).map(i -> Batches.counting(writer.allocator(), i, 1)));
  }

  private String currentTrace() {
    return Objects.requireNonNull(reading.tracer.currentSpan()).context().traceId();
  }

  @Test
  void writerAndReaderAreOneTrace() {
    observe();
    RecordBatchStream stream = create();
    Observation request = Observation.start("request", writing.registry);
    Waits.done(write(stream.writerNow(), 3).contextWrite(context -> context.put(KEY, request)));
    request.stop();
    List<String> seen = elsewhere().reader(any -> currentTrace()).collectList().block();
    SpanData root = writing.span("request");
    SpanData written = writing.span("write flights");
    SpanData read = reading.span("read flights");
    assertThat(seen).hasSize(3).containsOnly(root.getTraceId());
    assertThat(written.getParentSpanId()).isEqualTo(root.getSpanId());
    assertThat(written.getKind()).isEqualTo(SpanKind.PRODUCER);
    assertThat(read.getParentSpanId()).isEqualTo(written.getSpanId());
    assertThat(read.getTraceId()).isEqualTo(root.getTraceId());
    assertThat(read.getKind()).isEqualTo(SpanKind.CONSUMER);
    assertThat(writing.spans).hasSize(2);
    assertThat(reading.spans).hasSize(1);
    assertThat(reading.tracer.currentSpan()).isNull();
  }

  @Test
  void eachChunkIsObservedIfWanted() {
    VineyardObservations.of(writing.registry).perChunk().observe(writes);
    VineyardObservations.of(reading.registry).perChunk().observe(reads);
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Observation request = Observation.start("request", writing.registry);
    request.scoped(
        () -> {
          assertThat(writer.tryEmitNext(Batches.counting(writer.allocator(), 0, 1)).isSuccess())
              .isTrue();
          Waits.done(writer.emit(Batches.counting(writer.allocator(), 1, 1)));
        });
    request.stop();
    writer.tryEmitComplete();
    elsewhere().reader(Batches::sum).blockLast(Waits.PATIENCE);
    SpanData root = writing.span("request");
    List<SpanData> written = writing.named("write flights");
    List<SpanData> read = reading.named("read flights");
    assertThat(written).hasSize(2).allMatch(one -> one.getParentSpanId().equals(root.getSpanId()));
    assertThat(read)
        .extracting(SpanData::getParentSpanId)
        .containsExactlyElementsOf(written.stream().map(SpanData::getSpanId).toList());
  }

  @Test
  void laterWorkTakesTheTraceAlong() {
    observe();
    RecordBatchStream stream = create();
    write(stream.writerNow(), 2).subscribe();
    List<String> later = new CopyOnWriteArrayList<>();
    elsewhere()
        .reader()
        .flatMap(
            batch ->
                Mono.deferContextual(
                        context -> {
                          Observation known = context.get(KEY);
                          return Mono.fromRunnable(
                                  () -> known.scoped(() -> later.add(currentTrace())))
                              .subscribeOn(Schedulers.boundedElastic());
                        })
                    .doFinally(end -> batch.close())
                    .contextCapture())
        .blockLast(Waits.PATIENCE);
    assertThat(later).hasSize(2).containsOnly(writing.span("write flights").getTraceId());
  }

  @Test
  void chunksOfBytesCarryItToo() {
    observe();
    ByteStream stream = Waits.value(ByteStream.create(writes, StreamSpec.named("flights")));
    StreamWriter<ByteChunk> writer = stream.writerNow();
    Waits.done(writer.emit(ByteChunk.copyOf(new byte[] {1, 2})));
    Waits.done(writer.emit(ByteChunk.copyOf(new byte[0])));
    writer.tryEmitComplete();
    List<Long> sizes =
        Waits.value(ByteStream.open(reads, "flights"))
            .reader(ByteChunk::sizeBytes)
            .collectList()
            .block(Waits.PATIENCE);
    assertThat(sizes).containsExactly(2L, 0L);
    assertThat(reading.span("read flights").getParentSpanId())
        .isEqualTo(writing.span("write flights").getSpanId());
  }

  @Test
  void errorsAreNoted() {
    observe();
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Waits.done(writer.emit(Batches.counting(writer.allocator(), 0, 1)));
    writer.tryEmitError(new IllegalStateException("no more flights"));
    assertThat(Waits.error(elsewhere().reader(Batches::sum).then())).isNotNull();
    assertThat(writing.span("write flights").getStatus().getStatusCode())
        .isEqualTo(StatusCode.ERROR);
    assertThat(reading.span("read flights").getStatus().getStatusCode())
        .isEqualTo(StatusCode.ERROR);
  }

  @Test
  void untracedEndsAreRead() {
    RecordBatchStream stream = create();
    VineyardObservations.of(reading.registry).observe(reads);
    VineyardObservations.of(ObservationRegistry.NOOP).observe(writes);
    write(stream.writerNow(), 1).subscribe();
    elsewhere().reader(Batches::sum).blockLast(Waits.PATIENCE);
    assertThat(reading.span("read flights").getParentSpanContext().isValid()).isFalse();
  }

  @Test
  void whatDoesNotFitIsLeftOut() {
    writing.baggage = "x".repeat(5000);
    observe();
    RecordBatchStream stream = create();
    write(stream.writerNow(), 1).subscribe();
    assertThat(elsewhere().reader(Batches::sum).collectList().block(Waits.PATIENCE))
        .containsExactly(0L);
    assertThat(reading.span("read flights").getParentSpanId())
        .isEqualTo(writing.span("write flights").getSpanId());
  }

  @Test
  void readersThatFollowEachOtherAreInTheTrace() {
    observe();
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    write(writer, 2).subscribe();
    assertThat(elsewhere().reader(Batches::sum).take(1).collectList().block(Waits.PATIENCE))
        .containsExactly(0L);
    assertThat(elsewhere().reader(Batches::sum).collectList().block(Waits.PATIENCE))
        .containsExactly(1L);
    Waits.until("both readers", () -> reading.named("read flights").size() == 2);
    assertThat(reading.named("read flights"))
        .extracting(SpanData::getTraceId)
        .containsOnly(writing.span("write flights").getTraceId());
  }
}
