package io.vineyard.reactive;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.lang.reflect.Proxy;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** What a reader does with a reading end that comes at a bad moment. */
class StreamReaderTest {
  @Test
  void readingEndThatComesWhileItIsGivenUpIsClosed() {
    try (ObjectStore store = EmbeddedStore.create().capacity(16 << 20).open()) {
      ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
      BaseSubscriber<RecordBatch> subscriber = new BaseSubscriber<>() {};
      StreamReader.of(
              opening(store, Waits.value(store.openReader(id, () -> {})), subscriber::cancel),
              id,
              ChunkCodec.recordBatches(),
              WaitStrategy.park())
          .subscribe(subscriber);
      Waits.until("no reader", () -> !Waits.value(store.getStream(id)).hasReader());
      Waits.done(store.delete(id));
    }
  }

  /** Returns a store whose reader comes right after something that it is too late for. */
  private static ObjectStore opening(ObjectStore store, ChunkReader reader, Runnable before) {
    Mono<ChunkReader> late =
        new Mono<>() {
          @Override
          public void subscribe(CoreSubscriber<? super ChunkReader> actual) {
            actual.onSubscribe(
                new Subscription() {
                  @Override
                  public void request(long n) {
                    before.run();
                    actual.onNext(reader);
                    actual.onComplete();
                  }

                  @Override
                  public void cancel() {}
                });
          }
        };
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) ->
                method.getName().equals("openReader")
                    ? late
                    : Objects.requireNonNull(method.invoke(store, arguments)));
  }
}
