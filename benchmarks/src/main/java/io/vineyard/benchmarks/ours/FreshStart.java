package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;

/** Measures how long a new JVM takes from nothing to the first batch: {@code fresh dir=FOLDER}. */
public final class FreshStart implements End {
  private static final Round ROUND = new Round(0, Work.HAND_OFF, 4096, 0, 1);
  private static final int CONNECTS = 50;

  private final Path socket;

  private FreshStart(Line arguments) {
    this.socket = Path.of(arguments.text("dir"), "fresh");
  }

  /** Runs it. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, FreshStart::new);
  }

  @Override
  public Line on(Line line) {
    long start = System.nanoTime();
    BoundServer server = VineyardServer.create().socket(socket).bindNow();
    ObjectStore store = server.connectNow();
    VineyardClient second = VineyardClient.create().socket(socket);
    ObjectStore client = second.connectNow();
    long connected = System.nanoTime();
    passOne(store, client);
    long done = System.nanoTime();
    long sinceJvm =
        System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime();
    long again = medianConnect(second);
    client.close();
    store.close();
    server.disposeNow(Stores.PATIENCE);
    return Line.of(EndLoop.DONE)
        .with("first", done - start)
        .with("open", connected - start)
        .with("jvm", sinceJvm * 1_000_000)
        .with("connect", again);
  }

  private static void passOne(ObjectStore store, ObjectStore client) {
    RecordBatchStream stream = RecordBatchStream.create(store).block(Stores.PATIENCE);
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      Receiving.emit(writer, Batches.of(writer, ROUND).build(0));
      writer.tryEmitComplete().orThrow();
      RecordBatchStream.open(client, stream.id())
          .flatMapMany(
              read ->
                  read.<Void>reader(
                      batch -> {
                        Vectors.check(batch.vectors(), ROUND, 0);
                        return null;
                      }))
          .blockLast(Stores.PATIENCE);
    }
  }

  private static long medianConnect(VineyardClient client) {
    long[] nanos = new long[CONNECTS];
    for (int i = 0; i < CONNECTS; i++) {
      long start = System.nanoTime();
      try (ObjectStore store = client.connectNow()) {
        nanos[i] = System.nanoTime() - start;
        store.status().block(Stores.PATIENCE);
      }
    }
    Arrays.sort(nanos);
    return nanos[CONNECTS / 2];
  }
}
