package io.vineyard.test;

import static org.assertj.core.api.Assertions.assertThat;

import example.orders.CleanCases;
import example.orders.LeakyCases;
import example.orders.ParallelCases;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;

/** Runs tests of a user, and looks at what becomes of them. */
class LeaksTest {
  private static Throwable failure(String method) {
    TestExecutionResult result = UserTests.run(LeakyCases.class, method);
    assertThat(result.getStatus()).isEqualTo(TestExecutionResult.Status.FAILED);
    return result.getThrowable().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blockFirst|a RecordBatch of 2 rows, taken at",
        "stepVerifier|a RecordBatch of 2 rows, taken at",
        "onOtherThreads|a RecordBatch of 2 rows, taken while the test was at",
        "storedBatch|a RecordBatch of 3 rows, taken at",
        "storedObject|a StoredObject vineyard-reactive::RecordBatch",
        "blob|a StoredObject vineyard::Blob",
        "blobWriter|a BlobWriter of 100 bytes, neither sealed nor aborted, opened at",
        "share|a RecordBatch of 2 rows, made at",
        "neverEmitted|a RecordBatch of 1 row, made at",
        "sharedVector|bytes of shared memory, taken at",
        "allocator|64 bytes of memory of a BufferAllocator, taken at",
        "writer|a writer of stream",
        "subscription|a reader of stream",
        "client|an ObjectStore, client of store-of-test",
        "embeddedStore|an ObjectStore, client of embedded-store",
        "server|a BoundServer at",
        "arrowFile|an ArrowFile, not closed, opened at",
        "thread|a thread \"orders-poller\", started at",
        "pool|a thread \"pool-",
        "collected|a RecordBatch of 2 rows, taken at",
      })
  void leakIsFoundWithItsLine(String method, String what) throws IOException {
    assertThat(failure(method))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("LeakyCases." + method + " has left:\n")
        .hasMessageContaining(what)
        .hasMessageContaining(UserTests.line(LeakyCases.class, "LEAK " + method));
  }

  @ParameterizedTest
  @ValueSource(strings = {"blockFirst", "neverEmitted", "share", "storedBatch", "allocator"})
  void oneLeakIsOneLine(String method) {
    assertThat(failure(method).getMessage().lines()).hasSize(2);
  }

  @Test
  void failureShowsAtTheLineOfTheLeak() {
    assertThat(failure("blockFirst").getStackTrace()[0].getMethodName()).isEqualTo("blockFirst");
  }

  @Test
  void lineOfTheTestIsNamedBesideThatOfTheApplication() throws IOException {
    Class<?> application = reader();
    assertThat(failure("inApplication"))
        .hasMessageContaining(UserTests.line(application, "LEAK inApplication"))
        .hasMessageContaining(UserTests.line(LeakyCases.class, "CALL inApplication"));
  }

  private static Class<?> reader() {
    try {
      return Class.forName("example.orders.OrderReader");
    } catch (ClassNotFoundException absent) {
      throw new AssertionError(absent);
    }
  }

  @Test
  void descriptorIsFoundWithItsFile() {
    assertThat(failure("descriptor")).hasMessageContaining("orders.csv");
  }

  @Test
  void ownFailureComesFirst() throws IOException {
    Throwable failure = failure("failsItself");
    assertThat(failure).hasMessageContaining("own failure");
    assertThat(failure.getSuppressed())
        .singleElement()
        .satisfies(
            left ->
                assertThat(left)
                    .hasMessageContaining(UserTests.line(LeakyCases.class, "LEAK failsItself")));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {CleanCases.Each.class, CleanCases.OneInstance.class, CleanCases.OneMethod.class})
  void testsThatLeaveNothingPass(Class<?> type) {
    assertThat(UserTests.run(type, Map.of()))
        .isNotEmpty()
        .allSatisfy(
            (id, result) ->
                assertThat(result.getStatus())
                    .as("%s", result)
                    .isEqualTo(TestExecutionResult.Status.SUCCESSFUL));
  }

  @RepeatedTest(3)
  void testsInParallelAnswerForThemselves() throws IOException {
    Map<String, TestExecutionResult> results =
        UserTests.run(
            ParallelCases.class,
            Map.of(
                "junit.jupiter.execution.parallel.enabled", "true",
                "junit.jupiter.execution.parallel.config.strategy", "fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "5"));
    assertThat(results).hasSize(5);
    for (Map.Entry<String, TestExecutionResult> one : results.entrySet()) {
      String failure = one.getValue().getThrowable().map(Throwable::getMessage).orElse("");
      if (one.getKey().contains("received")) {
        assertThat(failure).contains(UserTests.line(ParallelCases.class, "LEAK received"));
      } else if (one.getKey().contains("made")) {
        assertThat(failure).contains(UserTests.line(ParallelCases.class, "LEAK made"));
      } else {
        assertThat(failure).as(one.getKey()).isEmpty();
      }
    }
  }
}
