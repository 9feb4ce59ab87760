package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.process.StoreProcess;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Streams over a store that is a process of its own. */
class ProcessStreamsIT extends StreamContracts {
  private static @Nullable StoreProcess process;

  @BeforeAll
  static void start() {
    process = StoreProcess.start(CAPACITY_BYTES, SEGMENT_BYTES);
  }

  @AfterAll
  static void stop() {
    try (StoreProcess started = process) {
      started.disposeNow();
    }
  }

  @Override
  List<ObjectStore> attach() {
    return List.of(process.connectNow(), process.connectNow());
  }
}
