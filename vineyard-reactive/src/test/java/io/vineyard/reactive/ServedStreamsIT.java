package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

/** Streams whose writer is in the JVM of the server, and whose reader comes by the socket. */
class ServedStreamsIT extends StreamContracts {
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
    Objects.requireNonNull(server).disposeNow(Duration.ofSeconds(10));
  }
}
