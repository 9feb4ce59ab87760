package io.vineyard.store.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectStore;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class StoreProcessIT {
  @Test
  void servesFromAnotherProcessUntilItIsDisposed() {
    try (StoreProcess process = StoreProcess.start(16 << 20, 1 << 20);
        ObjectStore store = process.connectNow()) {
      assertThat(process.child().pid()).isNotEqualTo(ProcessHandle.current().pid());
      assertThat(store.status().block(Duration.ofSeconds(5)).capacityBytes()).isEqualTo(16 << 20);
      process.disposeNow();
      assertThat(process.child().isAlive()).isFalse();
      assertThat(Files.exists(process.socket())).isFalse();
    }
  }
}
