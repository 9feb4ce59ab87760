package io.vineyard.reactive.micrometer;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;

/** Meters of a store in this JVM. */
class EmbeddedMetricsTest extends MetricsContract {
  @Override
  List<ObjectStore> attach() {
    ObjectStore store =
        EmbeddedStore.create().capacity(CAPACITY_BYTES).segmentBytes(SEGMENT_BYTES).open();
    return List.of(store, Waits.value(store.fork()));
  }
}
