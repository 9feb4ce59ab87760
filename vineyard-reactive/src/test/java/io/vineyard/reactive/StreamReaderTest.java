package io.vineyard.reactive;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.embedded.EmbeddedStore;
import java.lang.reflect.Proxy;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** What a reader does with a reading end that comes at a bad moment. */
class StreamReaderTest {
  private final AtomicReference<CoreSubscriber<? super ChunkReader>> waiting =
      new AtomicReference<>();

  @Test
  void readingEndThatComesJustAfterItWasGivenUpIsClosed() {
    try (ObjectStore store = EmbeddedStore.create().capacity(16 << 20).open()) {
      ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
      Disposable reading =
          StreamReader.of(opening(store), id, ChunkCodec.recordBatches(), WaitStrategy.park())
              .subscribe();
      ChunkReader opened = Waits.value(store.openReader(id, () -> {}));
      reading.dispose();
      waiting.get().onNext(opened);
      Waits.until("no reader", () -> !Waits.value(store.getStream(id)).hasReader());
      Waits.done(store.delete(id));
    }
  }

  /** Returns a store that opens a reader when the test does, whether or not that is cancelled. */
  private ObjectStore opening(ObjectStore store) {
    Mono<ChunkReader> reader =
        new Mono<>() {
          @Override
          public void subscribe(CoreSubscriber<? super ChunkReader> actual) {
            waiting.set(actual);
            actual.onSubscribe(Operators.emptySubscription());
          }
        };
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) ->
                method.getName().equals("openReader")
                    ? reader
                    : Objects.requireNonNull(method.invoke(store, arguments)));
  }
}
