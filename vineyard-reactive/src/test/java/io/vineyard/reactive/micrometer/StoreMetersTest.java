package io.vineyard.reactive.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.embedded.EmbeddedStore;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Meters of a store that does not tell everything. */
class StoreMetersTest {
  private static final StoreStatus TOLD = new StoreStatus(100, 10, 20, -1, 3, -1, -1, -1, -1);

  /** Returns a store that answers as a Vineyard server does. */
  private static ObjectStore telling(ObjectStore store) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) ->
                method.getName().equals("status")
                    ? Mono.just(TOLD)
                    : method.invoke(store, arguments));
  }

  @Test
  void whatIsNotToldIsNotANumber() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (ObjectStore store = EmbeddedStore.create().open();
        VineyardMetrics metrics = VineyardMetrics.of(telling(store))) {
      metrics.bindTo(registry);
      for (String name : new String[] {"segments", "objects", "names", "streams", "leases"}) {
        assertThat(registry.get("vineyard.store." + name).gauge().value()).as(name).isNaN();
      }
      assertThat(registry.get("vineyard.store.used").gauge().value()).isEqualTo(10);
      assertThat(registry.get("vineyard.store.clients").gauge().value()).isEqualTo(3);
    }
  }
}
