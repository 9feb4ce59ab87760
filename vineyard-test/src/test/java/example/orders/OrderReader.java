package example.orders;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.arrow.RecordBatch;

/** Code of an application, which tests call. */
final class OrderReader {
  private OrderReader() {}

  static RecordBatch first(RecordBatchStream stream) {
    return stream.reader().blockFirst(); // LEAK inApplication
  }
}
