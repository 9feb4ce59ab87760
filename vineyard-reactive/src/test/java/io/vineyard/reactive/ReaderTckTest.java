package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/** A reader in the JVM of its writer. */
@Test
public class ReaderTckTest extends ReaderTck {
  private ObjectStore store;

  @BeforeClass
  final void open() {
    store = EmbeddedStore.create().segmentBytes(1 << 20).open();
  }

  @AfterClass
  final void close() {
    store.close();
  }

  @Override
  Flux<Long> read(long elements) {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store));
    TckWriter.write(stream, elements);
    return stream.reader(Batches::sum);
  }

  @Override
  public Publisher<Long> createFailedPublisher() {
    return Waits.value(
            RecordBatchStream.create(store).delayUntil(stream -> store.delete(stream.id())))
        .reader(Batches::sum);
  }
}
