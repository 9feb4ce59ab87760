package example.orders;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.test.TestBatches;
import io.vineyard.test.TestServer;
import io.vineyard.test.VineyardTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** Tests of a user whose store is in another process. */
@VineyardTest(store = VineyardTest.Store.SERVED, patienceMillis = 300)
public class ServedLeakyCases {
  @Test
  void receivedFromAnotherProcess(RecordBatchStream stream) {
    stream.writerNow().write(Flux.just(TestBatches.longs("n", 1))).block();
    LeakyCases.kept = stream.reader().blockFirst(); // LEAK receivedFromAnotherProcess
  }

  @Test
  void heldWhenTheServerDied(TestServer server, RecordBatchStream stream) {
    stream.writerNow().write(Flux.just(TestBatches.longs("n", 1))).block();
    LeakyCases.kept = stream.reader().blockFirst(); // LEAK heldWhenTheServerDied
    server.kill();
  }
}
