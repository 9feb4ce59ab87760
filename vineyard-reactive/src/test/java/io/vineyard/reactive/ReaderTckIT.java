package io.vineyard.reactive;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.StoreProcess;
import org.reactivestreams.Publisher;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;
import reactor.core.publisher.Flux;

/** A reader whose writer is in another process, and whose store is in a third. */
@Test
public class ReaderTckIT extends ReaderTck {
  private StoreProcess process;
  private ObjectStore store;
  private ChildJvm writer;

  @BeforeClass
  final void open() {
    process = StoreProcess.start(256 << 20, 1 << 20);
    store = process.connectNow();
    writer = ChildJvm.start(TckWriter.class, process.socket());
    writer.expect("ready");
  }

  @AfterClass
  final void close() {
    writer.close();
    store.close();
    process.close();
  }

  @Override
  Flux<Long> read(long elements) {
    ObjectId id = ObjectId.parse(writer.ask("" + elements));
    return Waits.value(RecordBatchStream.open(store, id)).reader(Batches::sum);
  }

  @Override
  public Publisher<Long> createFailedPublisher() {
    return Waits.value(
            RecordBatchStream.create(store).delayUntil(stream -> store.delete(stream.id())))
        .reader(Batches::sum);
  }
}
