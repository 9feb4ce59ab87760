package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.reactivestreams.Subscriber;
import org.reactivestreams.tck.SubscriberBlackboxVerification;
import org.reactivestreams.tck.TestEnvironment;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;
import reactor.core.publisher.Mono;

/** Holds {@link StreamWriter#write} to the rules of Reactive Streams for subscribers. */
@Test
public class WriteTckTest extends SubscriberBlackboxVerification<RecordBatch> {
  private static final long TIMEOUT_MILLIS = TimeUnit.SECONDS.toMillis(2);

  private final Queue<RecordBatch> made = new ConcurrentLinkedQueue<>();
  private ObjectStore store;

  /** Begins. */
  public WriteTckTest() {
    super(new TestEnvironment(TIMEOUT_MILLIS));
  }

  @BeforeClass
  final void open() {
    store = EmbeddedStore.create().segmentBytes(1 << 20).open();
  }

  @AfterClass
  final void close() {
    store.close();
    made.forEach(RecordBatch::close); // also those that the suite has made and not emitted
    Waits.until("nothing foreign", () -> Batches.FOREIGN.getAllocatedMemory() == 0);
  }

  @Override
  public Subscriber<RecordBatch> createSubscriber() {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store));
    ChunkSink<RecordBatch> writer = (ChunkSink<RecordBatch>) stream.writerNow();
    AtomicReference<Subscriber<RecordBatch>> subscriber = new AtomicReference<>();
    Mono.<Void>create(
            sink -> subscriber.set(new PublisherWriter<>(writer, ChunkCodec.recordBatches(), sink)))
        .onErrorComplete()
        .subscribe();
    stream.reader(Batches::sum).onErrorComplete().subscribe();
    return subscriber.get();
  }

  @Override
  public RecordBatch createElement(int element) {
    RecordBatch batch = Batches.counting(Batches.FOREIGN, element, 1);
    made.add(batch);
    return batch;
  }
}
