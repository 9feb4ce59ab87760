package io.vineyard.test;

import static io.vineyard.test.TestBatches.row;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.WriterLostException;
import io.vineyard.store.arrow.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.test.StepVerifier;

@VineyardTest
class TestStreamWriterTest {
  @Test
  void publishesAndCompletes(TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1), TestBatches.longs("n", 2)).complete();
    BatchSteps.create(writer.reader()).expectRows(row(1)).expectRows(row(2)).verifyComplete();
    writer.assertAllReleased().assertCancelled();
  }

  @Test
  void failsWithACode(TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1)).fail(ErrorCode.USER_INPUT_ERROR, "no");
    BatchSteps.create(writer.reader()).expectBatches(1).verifyError(ErrorCode.USER_INPUT_ERROR);
  }

  @Test
  void failsWithAnyError(TestStreamWriter writer) {
    writer.error(new IllegalStateException("broken"));
    StepVerifier.create(writer.reader())
        .expectErrorMessage("java.lang.IllegalStateException: broken")
        .verify();
  }

  @Test
  void diesAfterWhatWasPublished(TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1));
    BatchSteps.create(writer.reader())
        .expectRows(row(1))
        .then(writer::die)
        .verifyError(WriterLostException.class);
  }

  @Test
  void stallsUntilItIsResumed(TestStreamWriter writer) {
    writer.stall().next(TestBatches.longs("n", 1)).complete();
    writer.assertWindowUsed(0);
    BatchSteps.create(writer.reader()).then(writer::resume).expectRows(row(1)).verifyComplete();
  }

  @Test
  void closesWhatStalledWhenItDies(TestStreamWriter writer) {
    RecordBatch batch = TestBatches.longs("n", 1);
    writer.stall().next(batch).die();
    VineyardAssertions.assertThat(batch).isClosed();
    BatchSteps.create(writer.reader()).verifyError(WriterLostException.class);
  }

  @ParameterizedTest
  @EnumSource
  void violationsEndTheReaderWithAnError(
      TestStreamWriter.Violation violation, TestStreamWriter writer) {
    writer.next(TestBatches.longs("n", 1));
    RecordBatch other = TestBatches.columns().texts("a", "x").texts("b", "y").build();
    writer.violate(violation, other);
    ErrorCode code =
        violation == TestStreamWriter.Violation.NO_MEMORY
            ? ErrorCode.INVALID
            : ErrorCode.ARROW_ERROR;
    BatchSteps.create(writer.reader()).expectRows(row(1)).verifyError(code);
  }

  @Test
  void otherSchemaNeedsAFirstOne(TestStreamWriter writer) {
    assertThatThrownBy(
            () ->
                writer.violate(TestStreamWriter.Violation.OTHER_SCHEMA, TestBatches.longs("n", 1)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void windowIsSeen(@TestStream(windowChunks = 2) TestStreamWriter writer) {
    writer.assertMinRoom(2).next(TestBatches.longs("n", 1)).assertWindowUsed(1).assertMinRoom(1);
    writer.next(TestBatches.longs("n", 2)).assertWindowFull();
    assertThatThrownBy(() -> writer.next(TestBatches.longs("n", 3)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected room for a batch");
    BatchSteps.create(writer.reader(), 1)
        .expectRows(row(1))
        .then(() -> writer.assertSubscribed().assertMinTaken(1).assertMinRoom(1))
        .thenCancel()
        .verify();
    writer.assertCancelled().assertWindowUsed(1);
    assertThatThrownBy(() -> writer.assertWindowFull()).hasMessageContaining("a full window");
  }

  @Test
  void endsOnce(TestStreamWriter writer) {
    writer.complete();
    assertThatThrownBy(writer::complete)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("ended before");
    assertThatThrownBy(() -> writer.next(TestBatches.longs("n", 1)))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void isMadeForAnyStore(ObjectStore store) {
    try (TestStreamWriter writer = TestStreamWriter.create(store, StreamSpec.named("x"))) {
      writer.emit(TestBatches.longs("n", 1));
      BatchSteps.create(writer.reader()).expectRowCount(1).verifyComplete();
    }
  }
}
