package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.reactive.WaitStrategy;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The store as an end reaches it, with what this end has to close.
 *
 * @param writers the client for writers
 * @param readers the client for readers; the same one unless both ends are in this JVM
 * @param server the server, if it is in this process
 * @param socket the socket of the server, if there is one
 * @param waiting how readers wait
 */
record Stores(
    ObjectStore writers,
    ObjectStore readers,
    @Nullable BoundServer server,
    @Nullable Path socket,
    WaitStrategy waiting) {
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** The setups in which the writer has the store. */
  private static final Set<String> SERVED = Set.of("writer", "spin");

  private static final Duration SPIN = Duration.ofNanos(200_000);
  private static final Duration LOOK = Duration.ofMillis(5);
  private static final long CAPACITY_BYTES = 3L << 30;
  private static final long POLL_NANOS = 1_000_000;

  static Stores open(String role, Line arguments) {
    if (role.equals("jvm")) {
      ObjectStore store = EmbeddedStore.create().capacity(CAPACITY_BYTES).open();
      return new Stores(store, store.fork().block(PATIENCE), null, null, WaitStrategy.park());
    }
    Path socket = Path.of(arguments.text("dir"), "store");
    String setup = arguments.text("setup");
    WaitStrategy waiting =
        setup.equals("spin") ? WaitStrategy.spinThenPark(SPIN) : WaitStrategy.park();
    boolean serves = role.equals("server") || (role.equals("writer") && SERVED.contains(setup));
    if (!serves) {
      ObjectStore client = VineyardClient.create().socket(socket).connectNow();
      return new Stores(client, client, null, socket, waiting);
    }
    BoundServer server = VineyardServer.create().socket(socket).capacity(CAPACITY_BYTES).bindNow();
    ObjectStore local = server.connectNow();
    return new Stores(local, local, server, socket, waiting);
  }

  /** Attaches one more client of the readers. */
  ObjectStore connect() {
    return socket == null
        ? readers.fork().block(PATIENCE)
        : VineyardClient.create().socket(socket).connectNow();
  }

  Line status() {
    return toLine(writers.status().block(PATIENCE));
  }

  /** Waits until there is a stream with a writer; one without is there for any writer to come. */
  Line await(String name) {
    writers
        .getName(name, PATIENCE)
        .flatMap(writers::getStream)
        .filter(StreamInfo::hasWriter)
        .repeatWhenEmpty(again -> again.delayElements(LOOK))
        .block(PATIENCE);
    return Line.of(EndLoop.DONE);
  }

  /** Drops a stream, if it is still there. */
  Line forget(String name) {
    writers
        .getName(name)
        .flatMap(writers::delete)
        .onErrorComplete(
            error ->
                error instanceof VineyardException missing
                    && missing.code() == ErrorCode.OBJECT_NOT_EXISTS)
        .block(PATIENCE);
    return Line.of(EndLoop.DONE);
  }

  private static Line toLine(StoreStatus status) {
    return Line.of(EndLoop.DONE)
        .with("used", status.usedBytes())
        .with("peak", status.peakBytes())
        .with("clients", status.clients())
        .with("streams", status.streams())
        .with("leases", status.leases());
  }

  /**
   * Ends my use; if the store is in this process, waits until all others have gone, and fails
   * unless that brought back every lease and every byte.
   */
  void close() {
    writers.close();
    if (readers != writers) {
      readers.close();
    }
    if (server == null) {
      return;
    }
    BoundServer own = server;
    long end = System.nanoTime() + PATIENCE.toNanos();
    StoreStatus status = own.status().block(PATIENCE);
    while (!isEmpty(status) && System.nanoTime() < end) {
      LockSupport.parkNanos(POLL_NANOS);
      status = own.status().block(PATIENCE);
    }
    own.disposeNow(PATIENCE);
    if (!isEmpty(status)) {
      throw new IllegalStateException("expected an empty store at the end, got " + status);
    }
  }

  private static boolean isEmpty(StoreStatus status) {
    return status.clients() == 0
        && status.leases() == 0
        && status.usedBytes() == 0
        && status.streams() == 0;
  }
}
