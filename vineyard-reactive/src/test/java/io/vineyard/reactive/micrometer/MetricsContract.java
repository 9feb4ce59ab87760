package io.vineyard.reactive.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vineyard.reactive.Batches;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** What the meters of two clients of one store say. */
abstract class MetricsContract {
  static final long CAPACITY_BYTES = 64L << 20;
  static final long SEGMENT_BYTES = 1L << 20;
  private static final int WINDOW = 4;
  private static final int ROWS = 3;

  private final MockClock clock = new MockClock();
  private final SimpleMeterRegistry out = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
  private final SimpleMeterRegistry in = new SimpleMeterRegistry();
  private final List<RecordBatch> held = new ArrayList<>();
  private ObjectStore writes;
  private ObjectStore reads;

  /** Attaches two clients to one store, which is empty. */
  abstract List<ObjectStore> attach();

  /** Ends what {@link #attach} has begun; both clients are closed. */
  void end() {}

  @BeforeEach
  final void open() {
    List<ObjectStore> clients = attach();
    writes = clients.get(0);
    reads = clients.get(1);
  }

  @AfterEach
  final void nothingIsLeft() {
    held.forEach(RecordBatch::close);
    Waits.untilIdle(writes);
    writes.close();
    reads.close();
    Waits.until("no meters", () -> out.getMeters().isEmpty() && in.getMeters().isEmpty());
    end();
  }

  private void bind() {
    VineyardMetrics.of(writes).bindTo(out);
    VineyardMetrics.of(reads).bindTo(in);
  }

  private RecordBatchStream create(String name) {
    return Waits.value(
        RecordBatchStream.create(writes, StreamSpec.named(name).windowChunks(WINDOW)));
  }

  private RecordBatchStream elsewhere(RecordBatchStream stream) {
    return Waits.value(RecordBatchStream.open(reads, stream.id()));
  }

  private static RecordBatch inPlace(StreamWriter<RecordBatch> writer) {
    return Batches.counting(writer.allocator(), 0, ROWS);
  }

  private static double value(SimpleMeterRegistry registry, String name, String... tags) {
    return registry.find(name).tags(tags).meters().stream()
        .mapToDouble(meter -> meter.measure().iterator().next().getValue())
        .reduce(Double::sum)
        .orElse(Double.NaN);
  }

  private static void awaitValue(
      SimpleMeterRegistry registry, double expected, String name, String... tags) {
    Waits.until(
        () -> name + " of " + expected + ", it is " + value(registry, name, tags),
        () -> value(registry, name, tags) == expected);
  }

  private static List<String> streams(SimpleMeterRegistry registry) {
    return registry.find("vineyard.stream.chunks").meters().stream()
        .map(meter -> meter.getId().getTag("stream"))
        .sorted()
        .toList();
  }

  private static void drain(RecordBatchStream stream) {
    stream.reader(Batches::sum).blockLast(Waits.PATIENCE);
  }

  @Test
  void chunksRowsAndBytesAreCountedAtBothEnds() {
    bind();
    RecordBatchStream stream = create("flights");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Disposable reading = elsewhere(stream).reader(Batches::sum).subscribe();
    for (int i = 0; i < 10; i++) {
      RecordBatch batch = i < 6 ? inPlace(writer) : Batches.counting(Batches.FOREIGN, i, ROWS);
      Waits.done(writer.emit(batch));
    }
    String[] written = {"stream", "flights", "direction", "out"};
    String[] read = {"stream", "flights", "direction", "in"};
    awaitValue(in, 10, "vineyard.stream.chunks", read);
    assertThat(value(out, "vineyard.stream.chunks", written)).isEqualTo(10);
    assertThat(value(out, "vineyard.stream.rows", written)).isEqualTo(10 * ROWS);
    assertThat(value(in, "vineyard.stream.rows", read)).isEqualTo(10 * ROWS);
    assertThat(value(out, "vineyard.stream.bytes", written))
        .isPositive()
        .isEqualTo(value(in, "vineyard.stream.bytes", read))
        .isEqualTo((double) writer.stats().bytes());
    assertThat(value(out, "vineyard.stream.copied", "stream", "flights")).isEqualTo(4);
    assertThat(value(out, "vineyard.stream.in.place", "stream", "flights")).isEqualTo(6);
    assertThat(value(out, "vineyard.stream.copied.bytes"))
        .isEqualTo((double) writer.stats().copiedBytes());
    assertThat(value(in, "vineyard.stream.ends", read)).isEqualTo(1);
    writer.tryEmitComplete();
    Waits.until("no meters of the writer", () -> streams(out).isEmpty());
    Waits.until("no meters of the reader", () -> streams(in).isEmpty());
    assertThat(value(out, "vineyard.streams.chunks", "direction", "out")).isEqualTo(10);
    assertThat(value(in, "vineyard.streams.rows", "direction", "in")).isEqualTo(10 * ROWS);
    assertThat(value(in, "vineyard.streams.ends", "direction", "in")).isZero();
    assertThat(reading.isDisposed()).isTrue();
  }

  @Test
  void windowAndDemandAreSeen() {
    bind();
    RecordBatchStream stream = create("s");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < 3; i++) {
      Waits.done(writer.emit(inPlace(writer)));
    }
    assertThat(value(out, "vineyard.stream.window.used", "stream", "s")).isEqualTo(3);
    assertThat(value(out, "vineyard.stream.window.used.bytes"))
        .isEqualTo((double) writer.stats().bytes());
    BaseSubscriber<Long> reader = new Requesting();
    elsewhere(stream).reader(Batches::sum).subscribe(reader);
    reader.request(2);
    awaitValue(in, 2, "vineyard.stream.chunks");
    awaitValue(in, 0, "vineyard.stream.demand", "stream", "s");
    awaitValue(out, 1, "vineyard.stream.window.used");
    reader.request(5);
    awaitValue(in, 4, "vineyard.stream.demand");
    reader.request(Long.MAX_VALUE);
    awaitValue(in, Double.POSITIVE_INFINITY, "vineyard.stream.demand");
    awaitValue(out, 0, "vineyard.stream.window.used.bytes");
    writer.tryEmitComplete();
  }

  @Test
  void waitsForRoomAndForDataAreTimed() {
    bind();
    RecordBatchStream stream = create("s");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    FunctionTimer room =
        out.get("vineyard.stream.wait").tags("stream", "s", "for", "room").functionTimer();
    for (int i = 0; i < WINDOW; i++) {
      Waits.done(writer.emit(inPlace(writer)));
    }
    assertThat(room.count()).isZero();
    Mono<Void> waits = writer.emit(inPlace(writer)).cache();
    waits.subscribe();
    assertThat(room.count()).isEqualTo(1);
    double before = room.totalTime(TimeUnit.NANOSECONDS);
    Waits.until("a longer wait", () -> room.totalTime(TimeUnit.NANOSECONDS) > before);
    elsewhere(stream).reader(Batches::sum).subscribe();
    Waits.done(waits);
    Waits.until(
        "an end of the wait",
        () -> {
          double waited = room.totalTime(TimeUnit.NANOSECONDS);
          return waited == room.totalTime(TimeUnit.NANOSECONDS); // else it would go on
        });
    FunctionTimer data =
        in.get("vineyard.stream.wait").tags("stream", "s", "for", "data").functionTimer();
    Waits.until("a wait for data", () -> data.count() > 0);
    writer.tryEmitComplete();
  }

  @Test
  void namelessStreamsCountAsOne() {
    bind();
    List<StreamWriter<RecordBatch>> writers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      RecordBatchStream stream = Waits.value(RecordBatchStream.create(writes));
      writers.add(stream.writerNow());
      Waits.done(writers.get(i).emit(inPlace(writers.get(i))));
      elsewhere(stream).reader(Batches::sum).subscribe();
    }
    assertThat(streams(out)).containsExactly(VineyardMetrics.UNNAMED);
    assertThat(value(out, "vineyard.stream.ends", "stream", "unnamed")).isEqualTo(20);
    assertThat(value(out, "vineyard.stream.chunks", "stream", "unnamed")).isEqualTo(20);
    writers.forEach(StreamWriter::tryEmitComplete);
    awaitValue(out, 0, "vineyard.stream.ends", "stream", "unnamed");
    assertThat(value(out, "vineyard.stream.chunks", "stream", "unnamed")).isEqualTo(20);
    awaitValue(in, 20, "vineyard.stream.chunks", "stream", "unnamed", "direction", "in");
  }

  @Test
  void seriesAreBoundedAndTagged() {
    VineyardMetrics.of(writes).mostStreams(1).tags(Tags.of("store", "one")).bindTo(out);
    VineyardMetrics byId = VineyardMetrics.of(reads).unnamedById();
    byId.bindTo(in);
    StreamWriter<RecordBatch> first = create("first").writerNow();
    StreamWriter<RecordBatch> second = create("second").writerNow();
    RecordBatchStream nameless = Waits.value(RecordBatchStream.create(reads));
    StreamWriter<RecordBatch> third = nameless.writerNow();
    assertThat(streams(out)).containsExactly("first", VineyardMetrics.OTHERS);
    assertThat(out.getMeters()).allMatch(meter -> "one".equals(meter.getId().getTag("store")));
    assertThat(streams(in)).containsExactly(nameless.id().toString());
    byId.close();
    assertThat(in.getMeters()).isEmpty();
    List.of(first, second, third).forEach(StreamWriter::tryEmitComplete);
    List.of("first", "second")
        .forEach(name -> drain(Waits.value(RecordBatchStream.open(reads, name))));
    drain(nameless);
  }

  @Test
  void faultsAreCountedByKind() {
    bind();
    RecordBatchStream stream = create("s");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Waits.done(writer.emit(inPlace(writer)));
    Mono<Long> sum = elsewhere(stream).reader(Batches::sum).reduce(0L, Long::sum).cache();
    sum.subscribe(result -> {}, lost -> {});
    awaitValue(in, 1, "vineyard.stream.chunks");
    assertThat(Waits.error(elsewhere(stream).reader().next()).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    assertThat(value(in, "vineyard.faults", "kind", "STREAM_OPENED")).isEqualTo(1);
    assertThat(Waits.error(stream.writer()).code()).isEqualTo(ErrorCode.STREAM_OPENED);
    try (RecordBatch other = otherSchema()) {
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> writer.tryEmitNext(other));
    }
    assertThat(value(out, "vineyard.faults", "kind", "SCHEMA_MISMATCH")).isEqualTo(1);
    writer.close();
    assertThat(Waits.error(sum).code()).isEqualTo(ErrorCode.WRITER_LOST);
    assertThat(value(in, "vineyard.faults", "kind", "WRITER_LOST")).isEqualTo(1);
    assertThat(value(out, "vineyard.faults", "kind", "STREAM_OPENED")).isEqualTo(1);
  }

  private static RecordBatch otherSchema() {
    IntVector other = new IntVector("other", Batches.FOREIGN);
    other.setSafe(0, 1);
    other.setValueCount(1);
    return RecordBatch.of(VectorSchemaRoot.of(other));
  }

  @Test
  void endsThatAreOpenBeforeAreCountedToo() {
    RecordBatchStream stream = create("early");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Waits.done(writer.emit(inPlace(writer)));
    bind();
    assertThat(value(out, "vineyard.stream.chunks", "stream", "early")).isEqualTo(1);
    writer.tryEmitComplete();
    drain(elsewhere(stream));
  }

  @Test
  void storeIsSeenWithoutWaitingForIt() {
    bind();
    RecordBatchStream stream = create("s");
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Waits.done(writer.emit(inPlace(writer)));
    held.add(Waits.value(elsewhere(stream).reader().next()));
    awaitStore(1, "vineyard.store.leases");
    awaitStore(1, "vineyard.store.streams");
    assertThat(value(out, "vineyard.store.capacity")).isEqualTo(CAPACITY_BYTES);
    assertThat(value(out, "vineyard.store.used")).isBetween(1.0, (double) CAPACITY_BYTES);
    assertThat(value(out, "vineyard.store.peak")).isGreaterThanOrEqualTo(1);
    assertThat(value(out, "vineyard.store.segments")).isPositive();
    assertThat(value(out, "vineyard.store.clients")).isCloseTo(2, within(1.0));
    assertThat(value(out, "vineyard.store.names")).isEqualTo(1);
    held.remove(0).close();
    writer.tryEmitComplete();
    drain(elsewhere(stream));
    awaitStore(0, "vineyard.store.streams");
  }

  /** The store is asked again when time has passed, and the next reading shows the answer. */
  private void awaitStore(double expected, String name) {
    Waits.until(
        () -> name + " of " + expected,
        () -> {
          clock.add(Duration.ofSeconds(1));
          return value(out, name) == expected;
        });
  }

  @Test
  void metersHaveUnits() {
    bind();
    StreamWriter<RecordBatch> writer = create("s").writerNow();
    assertThat(out.getMeters())
        .filteredOn(meter -> !(meter instanceof FunctionTimer))
        .allMatch(meter -> meter.getId().getBaseUnit() != null);
    assertThat(out.getMeters())
        .extracting(Meter::getId)
        .extracting(Meter.Id::getName)
        .allMatch(name -> name.startsWith("vineyard."));
    assertThat(out.get("vineyard.stream.bytes").meters())
        .allMatch(meter -> meter instanceof FunctionCounter);
    writer.tryEmitComplete();
    drain(Waits.value(RecordBatchStream.open(reads, "s")));
  }

  /** Requests what it is told to. */
  private static final class Requesting extends BaseSubscriber<Long> {
    @Override
    protected void hookOnSubscribe(Subscription subscription) {}
  }
}
