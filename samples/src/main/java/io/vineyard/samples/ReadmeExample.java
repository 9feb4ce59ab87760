package io.vineyard.samples;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import reactor.core.publisher.Flux;

class ReadmeExample {
  public static void main(String[] args) {
    try (ObjectStore store = EmbeddedStore.create().open()) {
      RecordBatchStream stream = RecordBatchStream.create(store).block();
      stream
          .writer()
          .flatMap(out -> out.write(Flux.range(0, 1000).map(n -> batch(n, out.allocator()))))
          .subscribe();

      long sum = stream.reader(b -> b.values("n").getLong(0)).reduce(0L, Long::sum).block();
      System.out.println("sum = " + sum); // prints sum = 499500
    }
  }

  static RecordBatch batch(long value, BufferAllocator sharedMemory) {
    BigIntVector numbers = new BigIntVector("n", sharedMemory);
    numbers.setSafe(0, value);
    numbers.setValueCount(1);
    return RecordBatch.of(VectorSchemaRoot.of(numbers));
  }
}
