package io.vineyard.test;

import static io.vineyard.test.TestBatches.row;
import static io.vineyard.test.VineyardAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@VineyardTest
class AssertionsTest {
  private static RecordBatch people(String... names) {
    return TestBatches.columns()
        .ints("id", IntStream.range(0, names.length).toArray())
        .texts("name", names)
        .build();
  }

  @Test
  void differingRowsAreShownSideBySide() {
    try (RecordBatch actual = people("Ann", "Bob", "Cid", "Dan");
        RecordBatch expected = people("Ann", "Rob", "Cid")) {
      assertThatThrownBy(() -> assertThat(actual).hasSameContentAs(expected))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining(
              """
              expected 3 rows, got 4; 2 rows differ:
              row  actual id  actual name  expected id  expected name
              1    1          *Bob         1            *Rob
              3    3          Dan          -            -
              """);
    }
  }

  @Test
  void onlySoManyRowsAreShown() {
    try (RecordBatch actual = TestBatches.longs("n", new long[1000])) {
      assertThatThrownBy(() -> assertThat(actual).containsExactlyRows())
          .hasMessageContaining("1000 rows differ")
          .hasMessageContaining("and 980 more")
          .satisfies(
              error ->
                  org.assertj.core.api.Assertions.assertThat(error.getMessage().lines())
                      .hasSizeLessThan(30));
    }
  }

  @Test
  void differingSchemasAreShownByColumn() {
    try (RecordBatch actual = TestBatches.columns().ints("id", 1).texts("name", "a").build();
        RecordBatch expected = TestBatches.columns().longs("id", 1).texts("name", "a").build()) {
      assertThatThrownBy(() -> assertThat(actual).hasSameContentAs(expected))
          .hasMessageContaining("column 0: expected id: Int(64, true) not null")
          .hasMessageContaining("got id: Int(32, true) not null")
          .message()
          .doesNotContain("column 1");
      assertThatThrownBy(() -> assertThat(actual).hasSchema(expected.schema()))
          .hasMessageContaining("column 0");
      assertThat(actual).hasSchema(actual.schema());
    }
  }

  @Test
  void rowsThatColumnsCanNotHaveAreNoRows() {
    try (RecordBatch actual = TestBatches.longs("n", 1)) {
      assertThatThrownBy(() -> assertThat(actual).containsExactlyRows(row("one")))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("expected rows that the columns can have")
          .hasMessageContaining("one");
    }
  }

  @Test
  void simpleFactsHaveMessages() {
    RecordBatch batch = people("Ann");
    assertThat(batch).isOpen().hasRowCount(1).hasColumns("id", "name").wasNotCopied();
    assertThat(batch).column("name").containsExactly("Ann");
    assertThatThrownBy(() -> assertThat(batch).hasRowCount(2))
        .hasMessageContaining("expected 2 rows, got 1")
        .hasMessageContaining("Ann");
    assertThatThrownBy(() -> assertThat(batch).hasColumns("x"))
        .hasMessageContaining("expected the columns [x], got [id, name]");
    assertThatThrownBy(() -> assertThat(batch).column("x"))
        .hasMessageContaining("expected a column \"x\"");
    assertThatThrownBy(() -> assertThat(batch).wasCopied()).hasMessageContaining("was copied");
    assertThatThrownBy(() -> assertThat(batch).isClosed()).hasMessageContaining("is closed");
    batch.close();
    assertThat(batch).isClosed();
    assertThatThrownBy(() -> assertThat(batch).isOpen()).hasMessageContaining("open batch");
    assertThatThrownBy(() -> assertThat(batch).hasSameContentAs(batch))
        .hasMessageContaining("open batch");
  }

  @Test
  void copiesAreSeen(TestStreamWriter writer) {
    writer.next(TestBatches.columns().longs("n", 1).build(writer.allocator()));
    writer.emit(TestBatches.longs("n", 1));
    BatchSteps.create(writer.reader())
        .assertNext(batch -> assertThat(batch).wasNotCopied())
        .assertNext(batch -> assertThat(batch).wasCopied())
        .verifyComplete();
  }

  @Test
  void storesSayWhatTheyHold(ObjectStore store) {
    assertThat(store).isIdle().hasUsedBytes(0).hasNoStream("orders").hasStreams(0);
    store.createStream(StreamSpec.named("orders")).block();
    assertThat(store).hasStream("orders").hasStreams(1).hasUsedBytesAtMost(1 << 20);
    assertThatThrownBy(() -> assertThat(store).hasNoStream("orders"))
        .hasMessageContaining("expected no stream \"orders\"");
  }

  @Test
  void leasesAreNamedWithTheirLines(ObjectStore store, TestStreamWriter writer) {
    writer.emit(TestBatches.longs("n", 1));
    try (RecordBatch batch = writer.reader().blockFirst()) {
      assertThatThrownBy(() -> assertThat(store).hasNoLeases())
          .hasMessageContaining("expected 0 leases")
          .hasMessageContaining("AssertionsTest.leasesAreNamedWithTheirLines(AssertionsTest.java:");
      assertThat(batch).isOpen();
    }
    assertThat(store).hasNoLeases();
  }

  @Test
  void writersOfAnyKindAreCounted(ObjectStore store) {
    try (StreamWriter<RecordBatch> writer =
        io.vineyard.reactive.RecordBatchStream.create(store).block().writerNow()) {
      org.assertj.core.api.Assertions.assertThat(writer.stats().elements()).isZero();
    }
  }
}
