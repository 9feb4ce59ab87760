package io.vineyard.test;

import static io.vineyard.test.TestBatches.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** That nothing is left after a failing expectation is what the extension checks after each. */
@VineyardTest
class BatchStepsTest {
  record Counted(long n) {}

  @Test
  void closesWhatHasMatched() {
    List<RecordBatch> seen = new ArrayList<>();
    Flux<RecordBatch> source =
        Flux.range(1, 3).map(n -> TestBatches.longs("n", n)).doOnNext(seen::add);
    BatchSteps.create(source)
        .expectRows(row(1))
        .expectBatch(TestBatches.longs("n", 2))
        .expectRecords(new Counted(3))
        .verifyComplete();
    assertThat(seen).hasSize(3).allMatch(RecordBatch::isClosed);
  }

  @Test
  void failingExpectationLeavesNothing(ObjectStore store, TestStreamWriter writer) {
    writer.emit(TestBatches.longs("n", 1), TestBatches.longs("n", 2), TestBatches.longs("n", 3));
    assertThatThrownBy(
            () ->
                BatchSteps.create(writer.reader())
                    .expectRows(row(1))
                    .expectRows(row(5))
                    .verifyComplete())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("*2")
        .hasMessageContaining("*5");
    VineyardAssertions.assertThat(store).hasNoLeases();
  }

  @Test
  void missingEndLeavesNothing(ObjectStore store, TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1), TestBatches.longs("n", 2));
    assertThatThrownBy(
            () ->
                BatchSteps.create(writer.reader())
                    .expectBatches(1)
                    .expectComplete()
                    .verify(Duration.ofSeconds(5)))
        .isInstanceOf(AssertionError.class);
    VineyardAssertions.assertThat(store).hasNoLeases();
  }

  @Test
  void demandIsGivenStepByStep(TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1), TestBatches.longs("n", 2));
    BatchSteps.create(writer.reader(), 0)
        .thenRequest(1)
        .expectRowCount(1)
        .thenRequest(1)
        .expectRows(row(2))
        .thenCancel()
        .verify();
  }

  @Test
  void consumedBatchIsTheConsumers() {
    List<RecordBatch> kept = new ArrayList<>();
    BatchSteps.create(Flux.just(TestBatches.longs("n", 1)))
        .consumeNextWith(kept::add)
        .verifyComplete();
    try (RecordBatch batch = kept.get(0)) {
      VineyardAssertions.assertThat(batch).isOpen();
    }
  }

  @Test
  void errorsAreExpectedByTheirClass() {
    BatchSteps.create(Flux.<RecordBatch>error(new IllegalStateException()))
        .verifyError(IllegalStateException.class);
  }
}
