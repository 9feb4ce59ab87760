package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import reactor.core.publisher.Flux;

/** Two clients of one store, which a contract is tested with. */
interface TwoClients {
  int WINDOW = 4;

  /** Returns the client that writes. */
  ObjectStore store();

  /** Returns the client that reads. */
  ObjectStore other();

  /** Creates a stream with a window of {@link #WINDOW} chunks. */
  default RecordBatchStream create() {
    return Waits.value(RecordBatchStream.create(store(), StreamSpec.create().windowChunks(WINDOW)));
  }

  /** Opens the same stream with the other client. */
  default RecordBatchStream elsewhere(RecordBatchStream stream) {
    return Waits.value(RecordBatchStream.open(other(), stream.id()));
  }

  /** Makes batches of one row that count up from 0, in memory of the writer. */
  default Flux<RecordBatch> counting(StreamWriter<RecordBatch> writer, int batches) {
    return Flux.range(0, batches).map(i -> Batches.counting(writer.allocator(), i, 1));
  }

  /** Makes one batch of one row in memory of the writer. */
  default RecordBatch batch(StreamWriter<RecordBatch> writer, long value) {
    return Batches.counting(writer.allocator(), value, 1);
  }
}
