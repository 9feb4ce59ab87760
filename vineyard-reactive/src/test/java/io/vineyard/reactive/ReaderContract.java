package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.Logged;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.WriterLostException;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.Scannable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What every reader of a stream does. */
interface ReaderContract extends TwoClients {
  @Test
  default void batchesArriveInOrderAndTheEndIsOnComplete() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Flux<Long> values = elsewhere(stream).reader(Batches::sum);
    StepVerifier.create(Flux.merge(writer.write(counting(writer, 100)).cast(Long.class), values))
        .expectNextSequence(LongStream.range(0, 100).boxed().toList())
        .expectComplete()
        .verify(Waits.PATIENCE);
    assertThat(writer.stats().copiedElements()).isZero();
    Waits.done(writer.onDrained());
    assertThat(writer.allocator().getAllocatedMemory()).isZero();
  }

  @Test
  default void aReaderThatSpinsSeesTheSame() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    RecordBatchStream spinning =
        elsewhere(stream).waiting(WaitStrategy.spinThenPark(Duration.ofMillis(1)));
    List<Long> seen =
        Waits.value(
            Flux.merge(
                    writer.write(counting(writer, 100)).cast(Long.class),
                    spinning.reader(Batches::sum).take(3).concatWith(spinning.reader(Batches::sum)))
                .collectList());
    assertThat(seen).containsExactlyElementsOf(LongStream.range(0, 100).boxed().toList());
    Waits.done(writer.onDrained());
  }

  @Test
  default void aReaderThatSpinsCanBeCancelled() {
    RecordBatchStream stream = create();
    WaitStrategy spin = WaitStrategy.spinThenPark(Duration.ofMillis(1));
    StepVerifier.create(elsewhere(stream).waiting(spin).reader())
        .then(() -> Waits.until("reader", () -> Waits.value(stream.info()).hasReader()))
        .thenCancel()
        .verify(Waits.PATIENCE);
    Waits.until("no reader", () -> !Waits.value(stream.info()).hasReader());
    Waits.done(stream.drop());
  }

  @Test
  default void aSpinIsBounded() {
    for (Duration wrong :
        List.of(Duration.ZERO, Duration.ofNanos(-1), Duration.ofNanos(1_000_001))) {
      assertThatThrownBy(() -> WaitStrategy.spinThenPark(wrong))
          .isInstanceOf(VineyardException.class)
          .hasMessageContaining(wrong.toString());
    }
  }

  @Test
  default void nothingArrivesThatWasNotRequested() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      assertThat(writer.tryEmitNext(batch(writer, i))).isEqualTo(EmitResult.OK);
    }
    writer.tryEmitComplete();
    StepVerifier.create(elsewhere(stream).reader(Batches::first), 0)
        .thenAwait()
        .thenRequest(1)
        .expectNext(0L)
        .then(() -> assertThat(leased(stream)).isLessThanOrEqualTo(1))
        .thenRequest(2)
        .expectNext(1L, 2L)
        .thenRequest(Long.MAX_VALUE)
        .expectNext(3L)
        .expectComplete()
        .verify(Waits.PATIENCE);
  }

  private long leased(RecordBatchStream stream) {
    return Waits.value(stream.info()).leasedChunks();
  }

  @Test
  default void requestsBelowOneAreErrors() {
    RecordBatchStream stream = create();
    for (long n : new long[] {0, -1, Long.MIN_VALUE}) {
      AtomicReference<Throwable> failure = new AtomicReference<>();
      elsewhere(stream)
          .reader()
          .subscribe(
              new BaseSubscriber<>() {
                @Override
                protected void hookOnSubscribe(Subscription subscription) {
                  subscription.request(n);
                }

                @Override
                protected void hookOnError(Throwable error) {
                  failure.set(error);
                }
              });
      Waits.until("an error", () -> failure.get() != null);
      assertThat(failure.get())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("" + n);
      Waits.until("no reader", () -> !Waits.value(stream.info()).hasReader());
    }
    Waits.done(stream.drop());
  }

  @Test
  default void signalsComeOnAParallelThread() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    writer.tryEmitComplete();
    StepVerifier.create(
            elsewhere(stream)
                .reader(
                    batch ->
                        Schedulers.isInNonBlockingThread()
                            && Thread.currentThread().getName().startsWith("parallel")))
        .expectNext(true)
        .expectComplete()
        .verify(Waits.PATIENCE);
  }

  @Test
  default void whoComesAfterACancelGoesOnInOrder() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    List<Long> seen =
        Waits.value(
            Flux.merge(
                    writer.write(counting(writer, 20)).cast(Long.class).onErrorComplete(),
                    elsewhere(stream)
                        .reader(Batches::sum)
                        .take(3)
                        .concatWith(elsewhere(stream).reader(Batches::sum)))
                .collectList());
    assertThat(seen).containsExactlyElementsOf(LongStream.range(0, 20).boxed().toList());
  }

  @Test
  default void whatWasRequestedAndNotTakenGoesToTheNextReader() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.tryEmitNext(batch(writer, i));
    }
    writer.tryEmitComplete();
    Queue<RecordBatch> held = new ConcurrentLinkedQueue<>();
    BaseSubscriber<RecordBatch> first =
        new BaseSubscriber<>() {
          @Override
          protected void hookOnNext(RecordBatch value) {
            held.add(value);
            cancel();
          }
        };
    elsewhere(stream).reader().subscribe(first);
    Waits.until("a batch is held", () -> !held.isEmpty());
    Waits.until("no reader", () -> !Waits.value(stream.info()).hasReader());
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .expectNext(1L, 2L, 3L)
        .expectComplete()
        .verify(Waits.PATIENCE);
    assertThat(Batches.first(held.remove())).isZero();
  }

  @Test
  default void aSecondReaderIsRefusedAndTheFirstGoesOn() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .then(() -> writer.tryEmitNext(batch(writer, 1)))
        .expectNext(1L)
        .then(
            () -> {
              VineyardException refused = Waits.error(stream.reader().next());
              assertThat(refused.code()).isEqualTo(ErrorCode.STREAM_OPENED);
              assertThat(refused).hasMessageContaining(stream.id().toString());
            })
        .then(() -> writer.tryEmitNext(batch(writer, 2)))
        .then(writer::tryEmitComplete)
        .expectNext(2L)
        .expectComplete()
        .verify(Waits.PATIENCE);
  }

  @Test
  default void anErrorComesAfterAllBatchesBefore() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    writer.tryEmitNext(batch(writer, 2));
    assertThat(writer.tryEmitError(new IllegalStateException("the disk is on fire")))
        .isEqualTo(EmitResult.OK);
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .expectNext(1L, 2L)
        .expectErrorSatisfies(
            error -> {
              assertThat(error).isInstanceOf(VineyardException.class);
              assertThat(((VineyardException) error).code()).isEqualTo(ErrorCode.STREAM_FAILED);
              assertThat(error).hasMessageContaining("the disk is on fire");
            })
        .verify(Waits.PATIENCE);
  }

  @Test
  default void aWriterThatIsClosedBeforeTheEndIsLost() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    writer.close();
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .expectNext(1L)
        .expectError(WriterLostException.class)
        .verify(Waits.PATIENCE);
  }

  @Test
  default void aDroppedStreamTellsItsReader() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    StepVerifier.create(elsewhere(stream).reader(Batches::sum))
        .then(() -> writer.tryEmitNext(batch(writer, 1)))
        .expectNext(1L)
        .then(() -> Waits.done(stream.drop()))
        .expectErrorSatisfies(
            error ->
                assertThat(((VineyardException) error).code()).isEqualTo(ErrorCode.STREAM_DROPPED))
        .verify(Waits.PATIENCE);
    Waits.until("cancelled", () -> writer.tryEmitComplete() == EmitResult.FAIL_CANCELLED);
    try (RecordBatch refused = batch(writer, 2)) {
      assertThat(writer.tryEmitNext(refused)).isEqualTo(EmitResult.FAIL_CANCELLED);
    }
  }

  @Test
  default void aReaderWhoseClientIsClosedLosesTheStoreAndKeepsWhatItHolds() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 7));
    Queue<RecordBatch> held = new ConcurrentLinkedQueue<>();
    StepVerifier.create(elsewhere(stream).reader().doOnNext(held::add))
        .expectNextCount(1)
        .then(() -> other().close())
        .expectError(StoreLostException.class)
        .verify(Waits.PATIENCE);
    assertThat(Batches.first(held.remove())).isEqualTo(7);
    Waits.done(stream.drop());
  }

  @Test
  default void aScopedReaderClosesWhatItsFunctionHasSeenAlsoIfThatThrows() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    writer.tryEmitNext(batch(writer, 2));
    Queue<RecordBatch> seen = new ConcurrentLinkedQueue<>();
    StepVerifier.create(
            elsewhere(stream)
                .reader(
                    batch -> {
                      seen.add(batch);
                      if (seen.size() == 2) {
                        throw new IllegalStateException("no more");
                      }
                      return batch.rowCount();
                    }))
        .expectNext(1)
        .expectErrorMessage("no more")
        .verify(Waits.PATIENCE);
    assertThat(seen).hasSize(2).allMatch(RecordBatch::isClosed);
    Waits.done(stream.drop());
  }

  @Test
  default void batchesThatAQueueDropsAreGivenToTheDiscardHook() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    for (int i = 0; i < WINDOW; i++) {
      writer.tryEmitNext(batch(writer, i));
    }
    writer.tryEmitComplete();
    AtomicBoolean queued = new AtomicBoolean();
    AtomicInteger discarded = new AtomicInteger();
    StepVerifier.create(
            elsewhere(stream)
                .reader()
                .doFinally(end -> queued.set(true))
                .publishOn(Schedulers.single(), WINDOW)
                .doOnDiscard(
                    RecordBatch.class,
                    batch -> {
                      discarded.incrementAndGet();
                      batch.close();
                    }),
            1)
        .consumeNextWith(RecordBatch::close)
        .then(() -> Waits.until("all queued", queued::get))
        // a queue that is cancelled before the thread came by is never discarded
        .then(() -> Waits.done(Mono.<Void>empty().subscribeOn(Schedulers.single())))
        .thenCancel()
        .verify(Waits.PATIENCE);
    Waits.until("the rest is discarded", () -> discarded.get() == WINDOW - 1);
  }

  @Test
  default void whatASubscriberDropsIsReturnedByTheCleaner() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer.tryEmitNext(batch(writer, 1));
    writer.tryEmitComplete();
    try (Logged log = new Logged("io.vineyard.store.attach")) {
      elsewhere(stream).reader().then().block(Waits.PATIENCE);
      Waits.until(
          "the lease is returned",
          () -> {
            System.gc();
            return Waits.value(store().status()).leases() == 0;
          });
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARN A chunk was never closed: position 0 of stream " + stream.id())
          .contains("ReaderContract.whatASubscriberDropsIsReturnedByTheCleaner");
    }
  }

  @Test
  default void unknownStreamsAreTypedErrors() {
    assertThat(Waits.error(RecordBatchStream.open(store(), new ObjectId(4711))).code())
        .isEqualTo(ErrorCode.OBJECT_NOT_EXISTS);
    VineyardException unknown = Waits.error(RecordBatchStream.open(store(), "nobody"));
    assertThat(unknown.code()).isEqualTo(ErrorCode.OBJECT_NOT_EXISTS);
    assertThat(unknown).hasMessageContaining("nobody");
  }

  @Test
  default void aReadingCanBeScanned() {
    RecordBatchStream stream = create();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    Flux<RecordBatch> reader = stream.reader();
    assertThat(Scannable.from(reader).stepName()).contains(stream.id().toString());
    writer.tryEmitComplete();
    reader
        .doOnSubscribe(
            subscription ->
                assertThat(Scannable.from(subscription).scan(Scannable.Attr.RUN_STYLE))
                    .isEqualTo(Scannable.Attr.RunStyle.ASYNC))
        .then()
        .block(Waits.PATIENCE);
  }
}
