package io.vineyard.samples.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterIT {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int BATCHES = 300;
  private static final long TABLE_BYTES = 1 << 20;

  @Test
  void bridgeNeedsNoCluster(@TempDir Path folder) {
    BoundServer near = VineyardServer.create().socket(folder.resolve("near")).bindNow();
    BoundServer far = VineyardServer.create().socket(folder.resolve("far")).bindNow();
    try {
      assertThat(new TwoInstances().runOnServers(near.socket(), far.socket(), BATCHES, TABLE_BYTES))
          .isZero();
      assertIdle(near);
      assertIdle(far);
    } finally {
      near.disposeNow(PATIENCE);
      far.disposeNow(PATIENCE);
    }
  }

  private static void assertIdle(BoundServer server) {
    try (ObjectStore store = server.connectNow()) {
      StoreStatus status = store.status().block(PATIENCE);
      assertThat(status.leases()).as("%s", status).isZero();
      assertThat(status.streams()).as("%s", status).isZero();
      assertThat(status.objects()).as("%s", status).isZero();
    }
  }

  @Test
  void withoutVineyardItSaysHowToHaveIt(@TempDir Path empty) {
    assertThatThrownBy(() -> new TwoInstances().runOnVineyard(empty, BATCHES, TABLE_BYTES))
        .hasMessageContaining("there is no etcd in " + empty)
        .hasMessageContaining("pip install vineyard==0.24.2");
  }

  @Test
  void clusterMovesBothAndEndsAllThatItStarted() throws Exception {
    String venv = System.getenv("VINEYARD_VENV");
    Assumptions.assumeTrue(venv != null, "no Vineyard: VINEYARD_VENV names no environment");
    assertThat(new TwoInstances().runOnVineyard(Path.of(venv), BATCHES, TABLE_BYTES)).isZero();
    assertThat(ProcessHandle.current().descendants()).isEmpty();
  }
}
