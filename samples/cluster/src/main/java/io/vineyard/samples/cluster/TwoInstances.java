package io.vineyard.samples.cluster;

import io.vineyard.samples.ClusterApp;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Moves a table and a stream between two instances. */
public final class TwoInstances implements ClusterApp {
  private static final long LEAST_CAPACITY_BYTES = 512L << 20;

  /** For the table, a copy of it on its way, and some more. */
  private static final long TABLES = 3;

  @Override
  public int runOnVineyard(@Nullable Path vineyard, int batches, long tableBytes) throws Exception {
    long capacity = Math.max(LEAST_CAPACITY_BYTES, TABLES * tableBytes);
    try (RunningCluster cluster = RunningCluster.start(Installation.find(vineyard), capacity)) {
      System.out.println("etcd and two vineyardd run, as on two machines");
      return runOnServers(cluster.socket(0), cluster.socket(1), batches, tableBytes);
    }
  }

  @Override
  public int runOnServers(Path nearSocket, Path farSocket, int batches, long tableBytes) {
    try (ObjectStore near = VineyardClient.create().socket(nearSocket).connectNow();
        ObjectStore far = VineyardClient.create().socket(farSocket).connectNow()) {
      boolean isTableRight = new TableMove(near, far).move(tableBytes);
      boolean isStreamRight = new StreamMove(near, far).move(batches);
      return isTableRight && isStreamRight ? 0 : 1;
    }
  }
}
