package io.vineyard.store;

import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** The contracts, on clients of a server in this JVM. */
abstract class ServedContracts extends StoreContracts {
  @TempDir private Path folder;
  private BoundServer server;

  /** Attaches two clients to a server. */
  protected abstract List<ObjectStore> attach(BoundServer to);

  @Override
  protected final List<ObjectStore> attach() {
    server =
        VineyardServer.create()
            .socket(folder.resolve("store.sock"))
            .capacity(CAPACITY_BYTES)
            .segmentBytes(SEGMENT_BYTES)
            .bindNow();
    return attach(server);
  }

  @Override
  protected final void end() {
    server.disposeNow(Duration.ofSeconds(10));
  }
}
