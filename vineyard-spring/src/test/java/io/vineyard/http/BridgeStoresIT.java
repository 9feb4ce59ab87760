package io.vineyard.http;

import static io.vineyard.http.BridgeContext.assertCode;
import static io.vineyard.http.BridgeContext.errorSoon;
import static io.vineyard.http.BridgeContext.newStream;
import static io.vineyard.http.BridgeContext.uri;
import static io.vineyard.http.BridgeContext.write;
import static io.vineyard.http.BridgeContext.writeOnly;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.http.BridgeContext.Reader;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.test.TestServer;
import io.vineyard.test.VineyardTest;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import reactor.netty.DisposableServer;

/** A bridge of which one of the stores is lost while its reader is slow. */
@VineyardTest(store = VineyardTest.Store.SERVED, ignoredThreads = "reactor-http")
class BridgeStoresIT {
  private static final int WINDOW = BridgeContext.WINDOW;
  private static final String NAME = "flights";
  private static final StreamBridge BRIDGE = StreamBridge.create();

  @Test
  void killedNearStoreIsKnownAtBothEnds(ObjectStore near, TestServer process) throws Exception {
    try (ObjectStore far = EmbeddedStore.create().open()) {
      killed(near, far, process, ErrorCode.STORE_LOST, ErrorCode.CONNECTION_ERROR);
      Waits.untilIdle(far);
    }
  }

  @Test
  void killedFarStoreIsKnownAtBothEnds(ObjectStore far, TestServer process) throws Exception {
    try (ObjectStore near = EmbeddedStore.create().open()) {
      killed(near, far, process, ErrorCode.STREAM_DROPPED, ErrorCode.STORE_LOST);
      Waits.untilIdle(near);
    }
  }

  @Test
  void killedNearStoreIsKnownBeforeWhatHasArrivedIsTaken(ObjectStore near, TestServer process)
      throws Exception {
    DisposableServer server = BridgeContext.serve(near, BRIDGE);
    try (ObjectStore far = EmbeddedStore.create().open()) {
      CompletableFuture<Void> written = writeOnly(newStream(near, NAME), WINDOW);
      RecordBatchStream target = newStream(far, NAME);
      CompletableFuture<Void> pulled = BRIDGE.pull(uri(server.port(), NAME), target).toFuture();
      Reader reader = Reader.of(target).take(1);
      Waits.until("the rest", () -> Waits.value(target.info()).publishedChunks() == WINDOW);
      long before = System.nanoTime();
      process.kill();
      assertCode(errorSoon(pulled, before), ErrorCode.CONNECTION_ERROR, "");
      assertCode(errorSoon(written, before), ErrorCode.STORE_LOST, "");
      reader.request(Long.MAX_VALUE);
      assertCode(errorSoon(reader.end(), before), ErrorCode.CONNECTION_ERROR, "");
      assertThat(reader.batches()).isEqualTo(WINDOW);
      Waits.untilIdle(far);
    } finally {
      server.disposeNow(Waits.PATIENCE);
    }
  }

  private static void killed(
      ObjectStore near, ObjectStore far, TestServer process, ErrorCode atNear, ErrorCode atFar)
      throws Exception {
    DisposableServer server = BridgeContext.serve(near, BRIDGE);
    try {
      CompletableFuture<Void> written = write(newStream(near, NAME));
      RecordBatchStream target = newStream(far, NAME);
      CompletableFuture<Void> pulled = BRIDGE.pull(uri(server.port(), NAME), target).toFuture();
      Reader reader = Reader.of(target).take(100);
      long before = System.nanoTime();
      process.kill();
      assertCode(errorSoon(pulled, before), atFar, "");
      assertCode(errorSoon(written, before), atNear, "");
      reader.request(Long.MAX_VALUE);
      assertCode(errorSoon(reader.end(), before), atFar, "");
    } finally {
      server.disposeNow(Waits.PATIENCE);
    }
  }
}
