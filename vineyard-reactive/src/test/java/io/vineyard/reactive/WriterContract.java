package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.BlobWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks.EmitFailureHandler;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What every writer of a stream does. */
interface WriterContract extends TwoClients {

  private List<Long> readAll(RecordBatchStream stream) {
    return Waits.value(elsewhere(stream).reader(Batches::sum).collectList());
  }

  @Test
  default void aFullWindowOverflowsUntilTheReaderReleases() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      assertThat(writer.tryEmitNext(batch(writer, i))).isEqualTo(EmitResult.OK);
    }
    RecordBatch next = batch(writer, WINDOW);
    assertThat(writer.tryEmitNext(next)).isEqualTo(EmitResult.FAIL_OVERFLOW);
    assertThat(next.isClosed()).isFalse();
    assertThat(writer.stats().outstandingElements()).isEqualTo(WINDOW);
    assertThat(Waits.value(elsewhere(stream).reader(Batches::sum).next())).isZero();
    Waits.until("room again", () -> writer.tryEmitNext(next) == EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(1L, 2L, 3L, 4L);
  }

  @Test
  default void emitsWaitForRoomInOrder() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    List<Mono<Void>> emits = new ArrayList<>();
    for (int i = 0; i < 5 * WINDOW; i++) {
      Mono<Void> emit = writer.emit(batch(writer, i)).cache();
      emit.subscribe();
      emits.add(emit);
    }
    Mono<Void> all = Flux.merge(emits).then(Mono.fromRunnable(writer::tryEmitComplete));
    List<Long> seen =
        Waits.value(
            Flux.merge(all.cast(Long.class), elsewhere(stream).reader(Batches::sum)).collectList());
    assertThat(seen).containsExactlyElementsOf(LongStream.range(0, 5 * WINDOW).boxed().toList());
  }

  @Test
  default void aCancelledEmitClosesItsBatchAndLetsTheOthersPass() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.tryEmitNext(batch(writer, i));
    }
    RecordBatch cancelled = batch(writer, 100);
    Disposable waiting = writer.emit(cancelled).subscribe();
    Mono<Void> second = writer.emit(batch(writer, 4)).cache();
    second.subscribe();
    try (RecordBatch overtakes = batch(writer, 5)) {
      assertThat(writer.tryEmitNext(overtakes)).isEqualTo(EmitResult.FAIL_OVERFLOW);
    }
    waiting.dispose();
    assertThat(cancelled.isClosed()).isTrue();
    Mono<Void> end = second.then(Mono.fromRunnable(writer::tryEmitComplete));
    List<Long> seen =
        Waits.value(
            Flux.merge(end.cast(Long.class), elsewhere(stream).reader(Batches::sum)).collectList());
    assertThat(seen).containsExactly(0L, 1L, 2L, 3L, 4L);
  }

  @Test
  default void emitsThatWaitAtTheEndFailAndAreClosed() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.tryEmitNext(batch(writer, i));
    }
    RecordBatch late = batch(writer, 100);
    StepVerifier.create(writer.emit(late))
        .then(writer::tryEmitComplete)
        .expectErrorSatisfies(
            error ->
                assertThat(((VineyardException) error).code())
                    .isEqualTo(ErrorCode.INVALID_STREAM_STATE))
        .verify(Waits.PATIENCE);
    assertThat(late.isClosed()).isTrue();
    assertThat(readAll(stream)).hasSize(WINDOW);
  }

  @Test
  default void writeRequestsWhatTheWindowAllows() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    AtomicLong requested = new AtomicLong();
    AtomicLong built = new AtomicLong();
    Disposable writing =
        writer
            .write(
                counting(writer, 1000)
                    .doOnNext(batch -> built.incrementAndGet())
                    .doOnRequest(requested::addAndGet))
            .subscribe();
    Waits.until("a full window", () -> writer.stats().outstandingElements() == WINDOW);
    assertThat(requested.get()).isEqualTo(WINDOW);
    assertThat(built.get()).isEqualTo(WINDOW);
    Flux<Long> values = elsewhere(stream).reader(Batches::sum);
    StepVerifier.create(values)
        .expectNextSequence(LongStream.range(0, 1000).boxed().toList())
        .expectComplete()
        .verify(Waits.PATIENCE);
    assertThat(requested.get()).isLessThanOrEqualTo(1000 + WINDOW);
    Waits.until("the writing is over", writing::isDisposed);
  }

  @Test
  default void writeHoldsBackByBytesToo() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store(), StreamSpec.create().windowBytes(64 << 10)));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    int rows = 2 << 10;
    AtomicLong most = new AtomicLong();
    Flux<RecordBatch> source =
        Flux.range(0, 100)
            .map(i -> Batches.counting(writer.allocator(), i, rows))
            .doOnNext(
                batch -> most.accumulateAndGet(writer.allocator().getAllocatedMemory(), Math::max));
    StepVerifier.create(
            Flux.merge(
                writer.write(source).cast(Long.class),
                elsewhere(stream).reader(batch -> (long) batch.rowCount())))
        .expectNextCount(100)
        .expectComplete()
        .verify(Waits.PATIENCE);
    assertThat(most.get()).isLessThanOrEqualTo(2 * (64 << 10));
  }

  @Test
  default void writeFailsTheStreamWithThePublishersError() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    StepVerifier.create(
            writer.write(
                counting(writer, 2).concatWith(Flux.error(new IllegalStateException("torn")))))
        .expectErrorMessage("torn")
        .verify(Waits.PATIENCE);
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .expectNext(0L, 1L)
        .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("torn"))
        .verify(Waits.PATIENCE);
  }

  @Test
  default void writeOfAnIdlePublisherFailsAsSoonAsTheStreamIsDropped() {
    RecordBatchStream stream = create();
    AtomicBoolean cancelled = new AtomicBoolean();
    StepVerifier.create(idle(stream.writerNow(), cancelled))
        .then(() -> Waits.done(elsewhere(stream).drop()))
        .expectErrorSatisfies(error -> assertCode(error, ErrorCode.STREAM_DROPPED))
        .verify(Waits.PATIENCE);
    assertThat(cancelled).isTrue();
  }

  @Test
  default void writeOfAnIdlePublisherFailsAsSoonAsTheWriterIsClosed() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    AtomicBoolean cancelled = new AtomicBoolean();
    StepVerifier.create(idle(writer, cancelled))
        .then(writer::close)
        .expectErrorSatisfies(error -> assertCode(error, ErrorCode.INVALID_STREAM_STATE))
        .verify(Waits.PATIENCE);
    assertThat(cancelled).isTrue();
    Waits.done(stream.drop());
  }

  private static Mono<Void> idle(StreamWriter<RecordBatch> writer, AtomicBoolean cancelled) {
    return writer.write(Flux.<RecordBatch>never().doOnCancel(() -> cancelled.set(true)));
  }

  private static void assertCode(Throwable error, ErrorCode code) {
    assertThat(((VineyardException) error).code()).as("%s", error).isEqualTo(code);
  }

  @Test
  default void aCancelledWriteLeavesTheStreamOpen() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Disposable writing = writer.write(counting(writer, 1000)).subscribe();
    Waits.until("a full window", () -> writer.stats().outstandingElements() == WINDOW);
    writing.dispose();
    assertThat(Waits.value(elsewhere(stream).reader(Batches::sum).take(WINDOW).count()))
        .isEqualTo(WINDOW);
    Waits.until("drained", () -> writer.stats().outstandingElements() == 0);
    assertThat(writer.tryEmitNext(batch(writer, 77))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(77L);
  }

  @Test
  default void foreignBatchesAreCopiedOnceAndCounted() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    assertThat(writer.tryEmitNext(Batches.counting(Batches.FOREIGN, 1, 10)))
        .isEqualTo(EmitResult.OK);
    assertThat(writer.tryEmitNext(batch(writer, 2))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    WriterStats stats = writer.stats();
    assertThat(stats.elements()).isEqualTo(2);
    assertThat(stats.copiedElements()).isEqualTo(1);
    assertThat(stats.copiedBytes()).isGreaterThanOrEqualTo(10 * Long.BYTES);
    assertThat(Waits.value(elsewhere(stream).reader(RecordBatch::wasCopied).collectList()))
        .containsExactly(true, false);
  }

  @Test
  default void anotherSchemaIsRefusedSayingTheFirstFieldThatDiffers() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    Field text = Field.nullable(Batches.COLUMN, ArrowType.Utf8.INSTANCE);
    try (RecordBatch other =
        RecordBatch.of(VectorSchemaRoot.create(new Schema(List.of(text)), Batches.FOREIGN))) {
      assertThatThrownBy(() -> writer.tryEmitNext(other))
          .isInstanceOfSatisfying(
              VineyardException.class,
              error -> assertThat(error.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH))
          .hasMessageContaining("column 0")
          .hasMessageContaining("Utf8")
          .hasMessageContaining(stream.id().toString());
      assertThat(other.isClosed()).isFalse();
    }
    assertThat(writer.tryEmitNext(batch(writer, 2))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(1L, 2L);
  }

  @Test
  default void emitAfterTheEndIsTerminated() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    assertThat(writer.tryEmitComplete()).isEqualTo(EmitResult.OK);
    assertThat(writer.tryEmitComplete()).isEqualTo(EmitResult.FAIL_TERMINATED);
    assertThat(writer.tryEmitError(new IllegalStateException()))
        .isEqualTo(EmitResult.FAIL_TERMINATED);
    RecordBatch late = batch(writer, 1);
    assertThat(writer.tryEmitNext(late)).isEqualTo(EmitResult.FAIL_TERMINATED);
    assertThat(late.isClosed()).isFalse();
    VineyardException refused = Waits.error(writer.emit(late));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_STREAM_STATE);
    assertThat(refused).hasMessageContaining(stream.id().toString());
    assertThat(late.isClosed()).isTrue();
    assertThat(readAll(stream)).isEmpty();
  }

  @Test
  default void aClosedBatchIsRefused() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    RecordBatch closed = batch(writer, 1);
    closed.close();
    assertThatThrownBy(() -> writer.tryEmitNext(closed))
        .isInstanceOfSatisfying(
            VineyardException.class,
            error -> assertThat(error.code()).isEqualTo(ErrorCode.ALREADY_STOPPED));
    writer.tryEmitComplete();
    assertThat(readAll(stream)).isEmpty();
  }

  @Test
  default void emitNextWithAFullWindowEndsTheStreamAsSinksDo() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.emitNext(batch(writer, i), EmitFailureHandler.FAIL_FAST);
    }
    RecordBatch over = batch(writer, 100);
    writer.emitNext(over, EmitFailureHandler.FAIL_FAST);
    assertThat(over.isClosed()).isTrue();
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .expectNextCount(WINDOW)
        .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("overflow"))
        .verify(Waits.PATIENCE);
  }

  @Test
  default void aSecondWriterIsRefusedAndTheFirstGoesOn() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    VineyardException refused = Waits.error(elsewhere(stream).writer());
    assertThat(refused.code()).isEqualTo(ErrorCode.STREAM_OPENED);
    assertThat(refused).hasMessageContaining(stream.id().toString());
    assertThat(writer.tryEmitNext(batch(writer, 1))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(1L);
  }

  /** As after a cancel: what makes the batches ends later, and meanwhile others use its thread. */
  @Test
  default void memoryComesToAThreadWhoseWorkerWasDisposed() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Scheduler.Worker worker = Schedulers.boundedElastic().createWorker();
    Mono<Long> allocated =
        Mono.create(
            sink ->
                worker.schedule(
                    () -> {
                      worker.dispose();
                      try (ArrowBuf memory =
                          writer.allocator().buffer(2 * StreamContracts.SEGMENT_BYTES)) {
                        sink.success(memory.capacity());
                      } catch (RuntimeException e) {
                        sink.error(e);
                      }
                    }));
    assertThat(Waits.value(allocated)).isGreaterThanOrEqualTo(2 * StreamContracts.SEGMENT_BYTES);
    Waits.done(stream.drop());
    writer.close();
  }

  @Test
  default void severalThreadsMayEmitAndEachKeepsItsOrder() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    int threads = 4;
    int each = 200;
    Mono<Void> emitting =
        Flux.range(0, threads)
            .flatMap(
                thread ->
                    Flux.range(0, each)
                        .concatMap(i -> writer.emit(batch(writer, (long) thread * each + i)), 1)
                        .subscribeOn(Schedulers.boundedElastic()))
            .then(Mono.fromRunnable(writer::tryEmitComplete));
    List<Long> seen =
        Waits.value(
            Flux.merge(emitting.cast(Long.class), elsewhere(stream).reader(Batches::sum))
                .collectList());
    assertThat(seen).hasSize(threads * each);
    for (int thread = 0; thread < threads; thread++) {
      long first = (long) thread * each;
      assertThat(seen.stream().filter(value -> value >= first && value < first + each).toList())
          .containsExactlyElementsOf(LongStream.range(first, first + each).boxed().toList());
    }
  }

  @Test
  default void anObjectOfTheStoreCanBeAppended() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    ObjectId object;
    try (RecordBatch batch = Batches.counting(Batches.FOREIGN, 5, 1)) {
      object = Waits.value(store().put(batch));
    }
    Waits.done(writer.append(object));
    assertThat(Waits.error(writer.append(new ObjectId(4711))).code())
        .isEqualTo(ErrorCode.OBJECT_NOT_EXISTS);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(5L);
    Waits.done(store().delete(object));
  }

  @Test
  default void asFluxIsAReader() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    AtomicReference<Long> first = new AtomicReference<>();
    Disposable reading = writer.asFlux().subscribe(batch -> first.set(Batches.first(batch)));
    assertThat(writer.currentSubscriberCount()).isEqualTo(1);
    writer.tryEmitNext(batch(writer, 9));
    Waits.until("it arrives", () -> first.get() != null);
    assertThat(first.get()).isEqualTo(9);
    reading.dispose();
    Waits.until("nobody reads", () -> writer.currentSubscriberCount() == 0);
    Waits.done(stream.drop());
  }

  @Test
  default void aWriterWhoseClientIsClosedLosesTheStore() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.tryEmitNext(batch(writer, i));
    }
    RecordBatch waiting = batch(writer, 100);
    Flux<Long> values = elsewhere(stream).reader(Batches::sum);
    StepVerifier.create(writer.emit(waiting))
        .then(() -> store().close())
        .expectError(StoreLostException.class)
        .verify(Waits.PATIENCE);
    assertThat(waiting.isClosed()).isTrue();
    StepVerifier.create(values)
        .expectNextCount(WINDOW)
        .expectError()
        .verify(Duration.ofSeconds(10));
  }

  @Test
  default void aStoreThatIsFullOfOthersIsATypedError() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    RecordBatch huge =
        Batches.counting(Batches.FOREIGN, 0, (int) (StreamContracts.CAPACITY_BYTES / 8));
    VineyardException refused = Waits.error(writer.emit(huge));
    assertThat(refused.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
    assertThat(huge.isClosed()).isTrue();
    assertThat(writer.tryEmitNext(batch(writer, 1))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(1L);
  }

  @Test
  default void whatWasRefusedForMemoryIsAskedForAnewAndDecidesNothing() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    BlobWriter most = Waits.value(other().createBlob(Waits.value(other().status()).freeBytes()));
    int rows = (int) (4 * StreamContracts.SEGMENT_BYTES / Long.BYTES);
    RecordBatch large = Batches.counting(Batches.FOREIGN, 0, rows);
    Waits.until("a refusal", () -> offer(writer, large) == Offer.REFUSED);
    most.abort();
    Waits.until("memory again", () -> offer(writer, large) == Offer.ACCEPTED);
    writer.tryEmitComplete();
    assertThat(Waits.value(elsewhere(stream).reader(RecordBatch::rowCount).collectList()))
        .containsExactly(rows);
  }

  /** What may become of a batch for which there may be no memory. */
  enum Offer {
    ACCEPTED,
    WAITING,
    REFUSED
  }

  private static Offer offer(StreamWriter<RecordBatch> writer, RecordBatch batch) {
    try {
      return writer.tryEmitNext(batch) == EmitResult.OK ? Offer.ACCEPTED : Offer.WAITING;
    } catch (VineyardException refused) {
      assertThat(refused.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
      return Offer.REFUSED;
    }
  }

  @Test
  default void aPublisherThatComesAfterTheCancelIsCancelled() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    AtomicReference<Subscriber<? super RecordBatch>> late = new AtomicReference<>();
    writer.write(late::set).subscribe().dispose();
    AtomicBoolean cancelled = new AtomicBoolean();
    late.get()
        .onSubscribe(
            new Subscription() {
              @Override
              public void request(long n) {
                throw new AssertionError("expected no request, got one for " + n);
              }

              @Override
              public void cancel() {
                cancelled.set(true);
              }
            });
    assertThat(cancelled).isTrue();
    assertThat(writer.tryEmitNext(batch(writer, 1))).isEqualTo(EmitResult.OK);
    writer.tryEmitComplete();
    assertThat(readAll(stream)).containsExactly(1L);
  }

  @Test
  default void aBatchLargerThanASegmentPassesAlone() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store(), StreamSpec.create().windowBytes(1 << 10)));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    int rows = (int) (4 * StreamContracts.SEGMENT_BYTES / Long.BYTES);
    Mono<Void> emitting =
        writer
            .emit(Batches.counting(Batches.FOREIGN, 0, rows))
            .then(Mono.defer(() -> writer.emit(batch(writer, 1))))
            .then(Mono.fromRunnable(writer::tryEmitComplete));
    List<Long> seen =
        Waits.value(
            Flux.merge(
                    emitting.cast(Long.class),
                    elsewhere(stream)
                        .reader(
                            batch -> {
                              BigIntVector x = batch.vector(Batches.COLUMN, BigIntVector.class);
                              return x.get(batch.rowCount() - 1);
                            }))
                .collectList());
    assertThat(seen).containsExactly(rows - 1L, 1L);
  }
}
