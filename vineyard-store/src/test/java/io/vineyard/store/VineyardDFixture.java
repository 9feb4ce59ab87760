package io.vineyard.store;

import static io.vineyard.store.Waits.value;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import reactor.core.publisher.Mono;

/**
 * Two clients of a Vineyard server that is none of ours. It does not tell how many objects and
 * streams it has, so they are counted here for the contracts that ask; names and leases are said to
 * be none: a lease that is left keeps a mapping, which is looked for.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class VineyardDFixture extends StoreFixture {
  private static final int EVERYTHING = 100_000;

  private VineyardD server;

  @BeforeAll
  final void start() {
    server = VineyardD.start(CAPACITY_BYTES);
  }

  @AfterAll
  final void kill() {
    if (server != null) {
      server.close();
    }
  }

  VineyardD server() {
    return server;
  }

  @Override
  protected List<ObjectStore> attach() {
    try (ObjectStore store = server.connect()) {
      for (ObjectMeta left : value(store.list("*", EVERYTHING).collectList())) {
        store.delete(left.requireId()).onErrorComplete().block(Waits.PATIENCE);
      }
    }
    return List.of(counted(server.connect()), counted(server.connect()));
  }

  @Override
  protected void awaitIdle(ObjectStore witness) {
    Waits.until(
        () -> "an idle store, it has " + value(witness.list("*", 10).collectList()),
        () ->
            value(witness.list("*", 10).collectList()).isEmpty()
                && value(witness.status()).usedBytes() == 0);
  }

  /** Returns a store whose status counts objects and streams. */
  private static ObjectStore counted(ObjectStore store) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) -> invoke(store, method, arguments));
  }

  private static @Nullable Object invoke(
      ObjectStore store, Method method, Object @Nullable [] arguments) throws Throwable {
    if (method.getName().equals("status")) {
      return store.status().flatMap(status -> count(store, status));
    }
    if (method.getName().equals("fork")) {
      return store.fork().map(VineyardDFixture::counted);
    }
    try {
      return method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw Objects.requireNonNull(e.getCause());
    }
  }

  private static Mono<StoreStatus> count(ObjectStore store, StoreStatus told) {
    return store
        .list("*", EVERYTHING)
        .collectList()
        .map(
            all -> {
              int streams =
                  (int) all.stream().filter(meta -> meta.typeName().endsWith("Stream")).count();
              return new StoreStatus(
                  told.capacityBytes(),
                  told.usedBytes(),
                  told.peakBytes(),
                  told.segments(),
                  told.clients(),
                  all.size() - streams,
                  0,
                  streams,
                  0);
            });
  }
}
