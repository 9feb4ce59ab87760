package io.vineyard.test;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A store that lasts as long as a test, or a class of tests, and the client that looks at it. */
final class TestStore implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** A JVM takes longer to start than most tests take to run. */
  private static final Deque<TestServerProcess> IDLE = new ArrayDeque<>();

  private final ObjectStore witness;
  private final String name;
  private final @Nullable TestServer server;
  private final @Nullable TestServerProcess process;

  private TestStore(
      ObjectStore witness, @Nullable TestServer server, @Nullable TestServerProcess process) {
    this.witness = witness;
    this.name = Ledger.INSTANCE.disown(witness);
    this.server = server;
    this.process = process;
  }

  static TestStore open(VineyardTest settings) {
    if (settings.store() == VineyardTest.Store.SERVED) {
      return served(settings);
    }
    return new TestStore(
        EmbeddedStore.create()
            .name("store-of-test-" + COUNT.incrementAndGet())
            .capacity(settings.capacityBytes())
            .segmentBytes(settings.segmentBytes())
            .open(),
        null,
        null);
  }

  private static TestStore served(VineyardTest settings) {
    Path socket;
    try {
      socket = Files.createTempDirectory("vineyard-test").resolve("store.sock");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    TestServerProcess process = takeProcess();
    try {
      process.serve(socket, settings.capacityBytes(), settings.segmentBytes());
      ObjectStore witness = VineyardClient.create().socket(socket).connectNow();
      return new TestStore(witness, new TestServer(process, socket), process);
    } catch (RuntimeException broken) {
      process.close();
      deleteSocket(socket);
      throw broken;
    }
  }

  private static TestServerProcess takeProcess() {
    synchronized (IDLE) {
      while (!IDLE.isEmpty()) {
        TestServerProcess idle = IDLE.remove();
        if (idle.isAlive()) {
          return idle;
        }
      }
    }
    return TestServerProcess.start();
  }

  /** Ends the processes that no test uses. */
  static void endProcesses() {
    synchronized (IDLE) {
      IDLE.forEach(TestServerProcess::close);
      IDLE.clear();
    }
  }

  /** Returns what the store calls itself. */
  String name() {
    return name;
  }

  @Nullable TestServer server() {
    return server;
  }

  /** Attaches a client, which the kit closes. */
  ObjectStore connect() {
    ObjectStore client = Objects.requireNonNull(witness.fork().block(Patience.LONGEST));
    String unused = Ledger.INSTANCE.disown(client);
    return client;
  }

  /** Returns the store as it is now; null if it was lost. */
  @Nullable StoreStatus status() {
    try {
      return witness.status().block(Patience.LONGEST);
    } catch (VineyardException lost) {
      return null;
    }
  }

  @Override
  public void close() {
    witness.close();
    TestServer served = server;
    TestServerProcess serving = process;
    if (served != null && serving != null) {
      try {
        release(serving);
      } finally {
        deleteSocket(served.socket());
      }
    }
  }

  private static void release(TestServerProcess process) {
    if (process.isAlive()) {
      try {
        process.endStore();
      } catch (IllegalStateException broken) {
        process.close();
        throw broken;
      }
      synchronized (IDLE) {
        IDLE.add(process);
      }
    }
  }

  private static void deleteSocket(Path socket) {
    try {
      for (Path file : List.of(socket, Objects.requireNonNull(socket.getParent()))) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
