package io.vineyard.http;

import static io.vineyard.http.BridgeContext.assertCode;
import static io.vineyard.http.BridgeContext.errorSoon;
import static io.vineyard.http.BridgeContext.newStream;
import static io.vineyard.http.BridgeContext.uri;
import static io.vineyard.http.BridgeContext.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.http.BridgeContext.Reader;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.test.VineyardTest;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.netty.DisposableServer;

/** A bridge of which a process or the network is lost while its reader is slow. */
@VineyardTest(ignoredThreads = {"reactor-http", BrittleLink.THREADS})
class BridgeFaultsIT {
  private static final String NAME = "flights";
  private static final StreamBridge BRIDGE = StreamBridge.create();

  private ObjectStore near;
  private ObjectStore far;

  @BeforeEach
  void start(ObjectStore nearStore) {
    near = nearStore;
    far = EmbeddedStore.create().open();
  }

  @AfterEach
  void stop() {
    Waits.untilIdle(near);
    Waits.untilIdle(far);
    far.close();
  }

  private interface Fault {
    void happens(BrittleLink link) throws IOException;
  }

  private void bothEndsLearnOf(Fault fault, int taken) throws Exception {
    DisposableServer server = BridgeContext.serve(near, BRIDGE);
    try (BrittleLink link = BrittleLink.to(server.port())) {
      CompletableFuture<Void> written = write(newStream(near, NAME));
      RecordBatchStream target = newStream(far, NAME);
      CompletableFuture<Void> pulled = BRIDGE.pull(uri(link.port(), NAME), target).toFuture();
      Reader reader = Reader.of(target).take(taken);
      long steady = System.nanoTime() + StreamBridge.DEFAULT_TIMEOUT.toNanos() / 2;
      Waits.until("a link that has been asked for", () -> System.nanoTime() > steady);
      long before = System.nanoTime();
      fault.happens(link);
      assertCode(
          errorSoon(pulled, before),
          ErrorCode.CONNECTION_ERROR,
          "link to http://127.0.0.1:" + link.port());
      assertCode(errorSoon(written, before), ErrorCode.STREAM_DROPPED, "");
      reader.request(Long.MAX_VALUE);
      assertCode(errorSoon(reader.end(), before), ErrorCode.CONNECTION_ERROR, "link to http:");
      assertThat(reader.batches()).isGreaterThanOrEqualTo(taken);
    } finally {
      server.disposeNow(Waits.PATIENCE);
    }
  }

  @Test
  void cutLinkIsKnownAtBothEnds() throws Exception {
    bothEndsLearnOf(BrittleLink::cut, 100);
  }

  @Test
  void cutLinkOfAHeldWriterIsKnownAtBothEnds() throws Exception {
    bothEndsLearnOf(BrittleLink::cut, 1);
  }

  @Test
  void silentLinkIsKnownAtBothEnds() throws Exception {
    bothEndsLearnOf(BrittleLink::fallSilent, 100);
  }

  @Test
  void killedNearProcessIsKnownAtTheFarEnd() throws Exception {
    RecordBatchStream target = newStream(far, NAME);
    try (ChildJvm child = ChildJvm.start(BridgePeer.class)) {
      int port = Integer.parseInt(child.await("port "));
      CompletableFuture<Void> pulled = BRIDGE.pull(uri(port, NAME), target).toFuture();
      Reader reader = Reader.of(target).take(100);
      long before = child.kill();
      assertCode(errorSoon(pulled, before), ErrorCode.CONNECTION_ERROR, "link to http:");
      reader.request(Long.MAX_VALUE);
      assertCode(errorSoon(reader.end(), before), ErrorCode.CONNECTION_ERROR, "link to http:");
    }
  }

  @Test
  void killedFarProcessIsKnownAtTheNearEnd() throws Exception {
    CompletableFuture<Void> written = write(newStream(near, NAME));
    DisposableServer server = BridgeContext.serve(near, BRIDGE);
    try (ChildJvm child = ChildJvm.start(BridgePeer.class, uri(server.port(), NAME), 100)) {
      child.await("taken");
      long before = child.kill();
      assertCode(errorSoon(written, before), ErrorCode.STREAM_DROPPED, "");
    } finally {
      server.disposeNow(Waits.PATIENCE);
    }
  }
}
