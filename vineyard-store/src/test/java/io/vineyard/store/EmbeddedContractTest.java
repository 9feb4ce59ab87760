package io.vineyard.store;

import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;

/** The contracts, on a store in this JVM. */
class EmbeddedContractTest extends StoreContracts {
  @Override
  protected List<ObjectStore> attach() {
    ObjectStore store =
        EmbeddedStore.create().capacity(CAPACITY_BYTES).segmentBytes(SEGMENT_BYTES).open();
    return List.of(store, Waits.value(store.fork()));
  }
}
