package example.orders;

import static io.vineyard.test.TestBatches.row;
import static io.vineyard.test.VineyardAssertions.assertThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.test.BatchSteps;
import io.vineyard.test.TestBatches;
import io.vineyard.test.TestStream;
import io.vineyard.test.TestStreamWriter;
import io.vineyard.test.VineyardTest;
import org.apache.arrow.memory.BufferAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of a user that leave nothing, in all the ways in which JUnit runs tests. */
public final class CleanCases {
  private CleanCases() {}

  @VineyardTest
  public static class Each {
    private final ObjectStore ofConstructor;

    Each(ObjectStore store) {
      this.ofConstructor = store;
    }

    @BeforeEach
    void prepares(ObjectStore store) {
      store.createStream(io.vineyard.store.StreamSpec.named("prepared")).block();
    }

    @Test
    void twoClientsSeeOneStore(ObjectStore one, ObjectStore other) {
      try (RecordBatch batch = TestBatches.longs("n", 1)) {
        one.putName(one.put(batch).block(), "batch").block();
      }
      assertThat(other).hasObjects(3).hasStream("prepared").hasNoLeases();
      assertThat(ofConstructor).hasObjects(3);
      other.close();
    }

    @RepeatedTest(3)
    void eachRepetitionHasItsOwn(ObjectStore store, BufferAllocator memory) {
      assertThat(store).hasObjects(0);
      memory.buffer(10).close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void argumentsComeFirst(int rows, TestStreamWriter writer) {
      writer.next(TestBatches.longs("n", new long[rows])).complete();
      BatchSteps.create(writer.reader()).expectRowCount(rows).verifyComplete();
    }

    @Nested
    class Inner {
      @Test
      void hasTheAnnotationAround(
          @TestStream("orders") RecordBatchStream left,
          @TestStream("orders") TestStreamWriter right) {
        right.emit(TestBatches.longs("n", 7));
        BatchSteps.create(left.reader()).expectRows(row(7)).verifyComplete();
      }
    }
  }

  @VineyardTest
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  public static class OneInstance {
    private ObjectStore store;

    @BeforeAll
    void prepares(ObjectStore shared) {
      store = shared;
      try (RecordBatch batch = TestBatches.longs("n", 1)) {
        store.putName(store.put(batch).block(), "prepared").block();
      }
    }

    @Test
    void seesWhatWasPrepared(ObjectStore mine) {
      mine.getName("prepared").block();
      assertThat(store).hasObjects(3);
    }

    @Test
    void seesItToo(ObjectStore mine) {
      assertThat(mine).hasObjects(3);
    }

    @AfterAll
    void isOpenToTheLast() {
      assertThat(store).hasObjects(3);
    }
  }

  public static class OneMethod {
    @Test
    @VineyardTest
    void hasAStore(ObjectStore store) {
      assertThat(store).isIdle();
    }
  }
}
