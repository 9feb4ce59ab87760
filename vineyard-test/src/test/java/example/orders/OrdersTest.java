package example.orders;

import static io.vineyard.test.TestBatches.records;
import static io.vineyard.test.VineyardAssertions.assertThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.WriterLostException;
import io.vineyard.test.BatchSteps;
import io.vineyard.test.TestStream;
import io.vineyard.test.TestStreamWriter;
import io.vineyard.test.VineyardTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** The example of the README. */
@VineyardTest // store = SERVED has the store in another process
class OrdersTest {
  record Order(int id, String item) {}

  /** What is tested. */
  static final class Orders {
    static Flux<String> items(RecordBatchStream stream) {
      return stream.reader().transform(RecordBatches.toRows(Order.class)).map(Order::item);
    }
  }

  @Test
  void itemsComeInOrder(TestStreamWriter writer) {
    writer.emit(records(new Order(1, "tea"), new Order(2, "milk")));
    StepVerifier.create(Orders.items(writer.stream())).expectNext("tea", "milk").verifyComplete();
  }

  @Test
  void lostWriterIsAnError(TestStreamWriter writer) {
    StepVerifier.create(Orders.items(writer.stream()))
        .then(() -> writer.next(records(new Order(1, "tea"))).die())
        .expectNext("tea")
        .verifyError(WriterLostException.class);
  }

  @Test
  void batchesHaveTheirRows(ObjectStore store, @TestStream("orders") RecordBatchStream stream) {
    stream.writerNow().write(Flux.just(records(new Order(1, "tea")))).block();
    BatchSteps.create(stream.reader()).expectRecords(new Order(1, "tea")).verifyComplete();
    assertThat(store).hasNoLeases();
  }
}
