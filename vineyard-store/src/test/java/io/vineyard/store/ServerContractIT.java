package io.vineyard.store;

import io.vineyard.store.server.BoundServer;
import java.util.List;

/** The contracts, on clients in the JVM of a server that need no socket. */
class ServerContractIT extends ServedContracts {
  @Override
  protected List<ObjectStore> attach(BoundServer server) {
    return List.of(server.connectNow(), server.connectNow());
  }
}
