package io.vineyard.reactive.micrometer;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Meters of clients of a server: one in its JVM, one by the socket. */
class ServedMetricsIT extends MetricsContract {
  @TempDir private Path folder;
  private @Nullable BoundServer server;

  @Override
  List<ObjectStore> attach() {
    Path socket = folder.resolve("store.sock");
    BoundServer bound =
        VineyardServer.create()
            .socket(socket)
            .capacity(CAPACITY_BYTES)
            .segmentBytes(SEGMENT_BYTES)
            .bindNow();
    server = bound;
    return List.of(bound.connectNow(), VineyardClient.create().socket(socket).connectNow());
  }

  @Override
  void end() {
    Objects.requireNonNull(server).disposeNow(Waits.PATIENCE);
  }
}
