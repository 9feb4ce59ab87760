package io.vineyard.test;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/**
 * A {@link StepVerifier} for batches, which closes each when it has matched. When an expectation
 * fails, or steps are left, it cancels, and closes what had come.
 *
 * <pre>{@code
 * BatchSteps.create(stream.reader())
 *     .expectRows(row(1, "a"), row(2, "b"))
 *     .expectBatch(TestBatches.records(new Order(3, "c")))
 *     .expectComplete()
 *     .verify();
 * }</pre>
 *
 * <p>Nothing is subscribed before a {@code verify}. Batches that are expected belong to the steps.
 * Used by one thread.
 */
public final class BatchSteps {
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final Received received;
  private final List<RecordBatch> expected = new ArrayList<>();
  private StepVerifier.Step<RecordBatch> steps;

  /** What has come; what comes after the end is closed at once. */
  private static final class Received {
    private final Deque<RecordBatch> batches = new ArrayDeque<>();
    private boolean isOver;

    synchronized void add(RecordBatch batch) {
      if (isOver) {
        batch.close();
      } else {
        batches.add(batch);
      }
    }

    /** Leaves a batch to somebody else. */
    synchronized void give(RecordBatch batch) {
      batches.remove(batch);
    }

    synchronized void closeAll() {
      isOver = true;
      batches.forEach(RecordBatch::close);
      batches.clear();
    }
  }

  private BatchSteps(Publisher<RecordBatch> source, long request) {
    this.received = new Received();
    Flux<RecordBatch> seen =
        Flux.from(source)
            .doOnNext(received::add)
            .doOnDiscard(RecordBatch.class, RecordBatch::close);
    this.steps = StepVerifier.create(seen, request);
  }

  /** Begins with unbounded demand. */
  public static BatchSteps create(Publisher<RecordBatch> source) {
    return create(source, Long.MAX_VALUE);
  }

  /**
   * Begins.
   *
   * @param request how many batches are requested at first; 0 for none before {@link #thenRequest}
   */
  public static BatchSteps create(Publisher<RecordBatch> source, long request) {
    return new BatchSteps(Objects.requireNonNull(source, "source"), request);
  }

  /** Expects a batch with these rows (see {@link RecordBatchAssert#containsExactlyRows}). */
  public BatchSteps expectRows(@Nullable Object[]... rows) {
    return assertNext(batch -> VineyardAssertions.assertThat(batch).containsExactlyRows(rows));
  }

  /** Expects a batch with the columns and rows of this one, which is closed with the steps. */
  public BatchSteps expectBatch(RecordBatch batch) {
    expected.add(Objects.requireNonNull(batch, "batch"));
    return assertNext(came -> VineyardAssertions.assertThat(came).hasSameContentAs(batch));
  }

  /** Expects a batch of these records (see {@link RecordBatchAssert#containsExactlyRecords}). */
  @SafeVarargs
  @SuppressWarnings("varargs") // is only read
  public final <R extends Record> BatchSteps expectRecords(R first, R... more) {
    List<R> records = RecordBatchAssert.listOf(first, more);
    return assertNext(batch -> VineyardAssertions.assertThat(batch).hasRecords(records));
  }

  /** Expects a batch of so many rows. */
  public BatchSteps expectRowCount(int rows) {
    return assertNext(batch -> VineyardAssertions.assertThat(batch).hasRowCount(rows));
  }

  /** Expects so many batches, whatever they have. */
  public BatchSteps expectBatches(int count) {
    for (int i = 0; i < count; i++) {
      BatchSteps unused = assertNext(batch -> {});
    }
    return this;
  }

  /** Expects a batch that passes assertions; it is closed afterwards, and must not be kept. */
  public BatchSteps assertNext(Consumer<? super RecordBatch> assertions) {
    Objects.requireNonNull(assertions, "assertions");
    steps =
        steps.assertNext(
            batch -> {
              try (batch) {
                assertions.accept(batch);
              }
            });
    return this;
  }

  /** Expects a batch, which then is the consumer's to close. */
  public BatchSteps consumeNextWith(Consumer<? super RecordBatch> consumer) {
    steps =
        steps.consumeNextWith(
            batch -> {
              received.give(batch);
              consumer.accept(batch);
            });
    return this;
  }

  /** Requests more. */
  public BatchSteps thenRequest(long batches) {
    steps = steps.thenRequest(batches);
    return this;
  }

  /** Runs something, after what was expected before has come. */
  public BatchSteps then(Runnable task) {
    steps = steps.then(task);
    return this;
  }

  /** Expects that nothing comes for so long, which the test takes. */
  public BatchSteps expectNoEvent(Duration duration) {
    steps = steps.expectNoEvent(duration);
    return this;
  }

  /** Expects the end. */
  public Last expectComplete() {
    return new Last(steps.expectComplete());
  }

  /** Expects an error of this class. */
  public Last expectError(Class<? extends Throwable> type) {
    return new Last(steps.expectError(type));
  }

  /** Expects a {@link VineyardException} of this code. */
  public Last expectError(ErrorCode code) {
    return new Last(
        steps.expectErrorSatisfies(
            error -> {
              if (!(error instanceof VineyardException typed) || typed.code() != code) {
                throw new AssertionError("expected an error of code " + code + ", got " + error);
              }
            }));
  }

  /** Cancels after what was expected. */
  public Last thenCancel() {
    return new Last(steps.thenCancel());
  }

  /** Does {@link #expectComplete} and {@link Last#verify()}. */
  public void verifyComplete() {
    expectComplete().verify();
  }

  /** Does {@link #expectError(Class)} and {@link Last#verify()}. */
  public void verifyError(Class<? extends Throwable> type) {
    expectError(type).verify();
  }

  /** Does {@link #expectError(ErrorCode)} and {@link Last#verify()}. */
  public void verifyError(ErrorCode code) {
    expectError(code).verify();
  }

  /** The steps with their end. */
  public final class Last {
    private final StepVerifier verifier;

    private Last(StepVerifier verifier) {
      this.verifier = verifier;
    }

    /**
     * Subscribes, and verifies, within 10 seconds.
     *
     * @throws AssertionError if something was not as expected
     */
    public void verify() {
      verify(LONGEST);
    }

    /**
     * Subscribes, and verifies, within a time.
     *
     * @throws AssertionError if something was not as expected
     */
    public void verify(Duration longest) {
      try {
        verifier.verify(longest);
      } finally {
        received.closeAll();
        expected.forEach(RecordBatch::close);
      }
    }
  }
}
