package io.vineyard.store;

import io.vineyard.store.process.StoreProcess;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** The contracts, on clients of a server in another process. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProcessContractIT extends StoreContracts {
  private StoreProcess process;

  @BeforeAll
  final void start() {
    process = StoreProcess.start(CAPACITY_BYTES, SEGMENT_BYTES);
  }

  @AfterAll
  final void dispose() {
    try (StoreProcess ending = process) {
      ending.disposeNow();
    }
  }

  @Override
  protected List<ObjectStore> attach() {
    return List.of(process.connectNow(), process.connectNow());
  }
}
