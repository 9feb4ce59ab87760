package io.vineyard.store;

import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import java.util.List;

/** The contracts, on one client in the JVM of a server and one that comes through the socket. */
class ClientContractIT extends ServedContracts {
  @Override
  protected List<ObjectStore> attach(BoundServer server) {
    return List.of(
        VineyardClient.create().socket(server.socket()).connectNow(), server.connectNow());
  }
}
