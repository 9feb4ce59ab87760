package example.orders;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.test.TestBatches;
import io.vineyard.test.VineyardTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import reactor.core.publisher.Flux;

/** Tests of a user that run at the same time, of which two leave something. */
@VineyardTest(patienceMillis = 500)
@Execution(ExecutionMode.CONCURRENT)
public class ParallelCases {
  private static void fill(RecordBatchStream stream) {
    stream.writerNow().write(Flux.range(0, 100).map(n -> TestBatches.longs("n", n))).block();
  }

  private static void readAll(RecordBatchStream stream) {
    fill(stream);
    stream.reader(RecordBatch::rowCount).blockLast();
  }

  @Test
  void firstReadsAll(RecordBatchStream stream) {
    readAll(stream);
  }

  @Test
  void secondReadsAll(RecordBatchStream stream) {
    readAll(stream);
  }

  @Test
  void thirdReadsAll(RecordBatchStream stream) {
    readAll(stream);
  }

  @Test
  void received(RecordBatchStream stream) {
    fill(stream);
    LeakyCases.kept = stream.reader().blockFirst(); // LEAK received
  }

  @Test
  void made(RecordBatchStream stream) {
    readAll(stream);
    LeakyCases.kept = TestBatches.longs("n", 1); // LEAK made
  }
}
