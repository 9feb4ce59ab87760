package io.vineyard.store;

import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import java.util.List;

/** The contracts, on clients that attach when they are used. */
class OnDemandContractIT extends ServedContracts {
  @Override
  protected List<ObjectStore> attach(BoundServer server) {
    VineyardClient client = VineyardClient.create().socket(server.socket());
    List<ObjectStore> clients = List.of(client.connectOnDemand(), client.connectOnDemand());
    // the contracts count them from the beginning
    clients.forEach(attached -> Waits.value(attached.status()));
    return clients;
  }
}
