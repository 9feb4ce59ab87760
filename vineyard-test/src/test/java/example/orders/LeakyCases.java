package example.orders;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.arrow.ArrowFileWriter;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.server.VineyardServer;
import io.vineyard.test.TestBatches;
import io.vineyard.test.TestServer;
import io.vineyard.test.TestStream;
import io.vineyard.test.VineyardTest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** Tests of a user, of which each leaves what its line with its own name takes. */
@VineyardTest(patienceMillis = 300)
public class LeakyCases {
  static final CountDownLatch END = new CountDownLatch(1);
  static Object kept = "";

  private static void fill(RecordBatchStream stream) {
    stream.writerNow().write(Flux.range(0, 3).map(n -> TestBatches.longs("n", n, n))).block();
  }

  @Test
  void blockFirst(RecordBatchStream stream) {
    fill(stream);
    kept = stream.reader().blockFirst(); // LEAK blockFirst
  }

  @Test
  void stepVerifier(RecordBatchStream stream) {
    fill(stream);
    StepVerifier.create(stream.reader())
        .expectNextCount(1)
        .thenCancel()
        .verify(); // LEAK stepVerifier
  }

  @Test
  void inApplication(RecordBatchStream stream) {
    fill(stream);
    kept = OrderReader.first(stream); // CALL inApplication
  }

  @Test
  void onOtherThreads(ObjectStore store, @TestStream("orders") RecordBatchStream stream) {
    fill(stream);
    kept =
        RecordBatchStream.open(store, "orders")
            .flatMapMany(RecordBatchStream::reader)
            .blockFirst(); // LEAK onOtherThreads
  }

  @Test
  void storedBatch(ObjectStore store) {
    ObjectId id;
    try (RecordBatch batch = TestBatches.longs("n", 1, 2, 3)) {
      id = store.put(batch).block();
    }
    kept = store.get(id, RecordBatch.LAYOUT).block(); // LEAK storedBatch
  }

  @Test
  void storedObject(ObjectStore store) {
    try (RecordBatch batch = TestBatches.longs("n", 1)) {
      kept = store.get(store.put(batch).block()).block(); // LEAK storedObject
    }
  }

  @Test
  void blob(ObjectStore store) {
    ObjectId id = store.createBlob(100).flatMap(writer -> writer.seal()).block();
    kept = store.getBlob(id).block(); // LEAK blob
  }

  @Test
  void blobWriter(ObjectStore store) {
    kept = store.createBlob(100).block(); // LEAK blobWriter
  }

  @Test
  void share(RecordBatchStream stream) {
    fill(stream);
    try (RecordBatch batch = stream.reader().blockFirst()) {
      kept = batch.share(); // LEAK share
    }
  }

  @Test
  void neverEmitted(RecordBatchStream stream) {
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      kept = TestBatches.columns().longs("n", 1).build(writer.allocator()); // LEAK neverEmitted
    }
  }

  @Test
  void sharedVector(RecordBatchStream stream) {
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      BigIntVector vector = new BigIntVector("n", writer.allocator());
      vector.allocateNew(8); // LEAK sharedVector
      kept = vector;
    }
  }

  @Test
  void allocator(BufferAllocator memory) {
    ArrowBuf buffer = memory.buffer(64); // LEAK allocator
    kept = buffer;
  }

  @Test
  void writer(RecordBatchStream stream) {
    kept = stream.writerNow(); // LEAK writer
  }

  @Test
  void subscription(RecordBatchStream stream) {
    kept = stream.reader(RecordBatch::rowCount).subscribe(); // LEAK subscription
  }

  @Test
  void client(ObjectStore store) {
    kept = store.fork().block(); // LEAK client
  }

  @Test
  void embeddedStore() {
    kept = EmbeddedStore.create().open(); // LEAK embeddedStore
  }

  @Test
  void server(@TempDir Path folder) {
    kept = VineyardServer.create().socket(folder.resolve("s")).bindNow(); // LEAK server
  }

  @Test
  void serverOfEmbedded(TestServer server) {
    kept = server;
  }

  @Test
  void arrowFile(@TempDir Path folder) {
    Path file = folder.resolve("orders.arrow");
    try (ArrowFileWriter writer = ArrowFileWriter.create(file);
        RecordBatch batch = TestBatches.longs("n", 1)) {
      writer.write(batch);
    }
    kept = ArrowFile.open(file); // LEAK arrowFile
  }

  @Test
  void descriptor(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("orders.csv"), "1,2");
    kept = FileChannel.open(file);
  }

  @Test
  void thread() {
    Thread thread = new Thread(() -> LockSupport.park(END), "orders-poller"); // LEAK thread
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void pool() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(1);
    pool.submit(() -> 1).get(); // LEAK pool
    kept = pool;
  }

  @Test
  void collected(ObjectStore store, RecordBatchStream stream) {
    fill(stream);
    stream.reader().blockFirst(); // LEAK collected
    StoreStatus status = store.status().block();
    while (status.leases() > 0) {
      System.gc();
      status = store.status().block();
    }
  }

  @Test
  void failsItself(RecordBatchStream stream) {
    fill(stream);
    kept = stream.reader().blockFirst(); // LEAK failsItself
    assertThat(1).as("own failure").isEqualTo(2);
  }
}
