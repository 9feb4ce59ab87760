package io.vineyard.samples.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.http.StreamBridge;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.test.TestBatches;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** A bridge between two instances of a real cluster, one of which is killed. */
class ClusterFaultsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** What is promised, 1 s, and what a busy machine adds. */
  private static final Duration SOON = Duration.ofSeconds(2);

  private static final long CAPACITY_BYTES = 512 << 20;
  private static final int BEFORE = 100;
  private static final Duration READING = Duration.ofMillis(1);

  private RunningCluster cluster;
  private ObjectStore near;
  private ObjectStore far;
  private DisposableServer server;

  @BeforeEach
  void start() throws Exception {
    String venv = System.getenv("VINEYARD_VENV");
    Assumptions.assumeTrue(venv != null, "no Vineyard: VINEYARD_VENV names no environment");
    cluster = RunningCluster.start(Installation.find(Path.of(venv)), CAPACITY_BYTES);
    near = VineyardClient.create().socket(cluster.socket(0)).connectNow();
    far = VineyardClient.create().socket(cluster.socket(1)).connectNow();
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .route(StreamBridge.create().serve(near))
            .bindNow();
  }

  @AfterEach
  void stop() {
    if (cluster != null) {
      server.disposeNow(PATIENCE);
      near.close();
      far.close();
      cluster.close();
    }
  }

  @Test
  void killedNearInstanceIsKnownAtBothEnds() throws Exception {
    bothEndsLearnOf(0, ErrorCode.STORE_LOST, ErrorCode.CONNECTION_ERROR);
  }

  @Test
  void killedFarInstanceIsKnownAtBothEnds() throws Exception {
    bothEndsLearnOf(1, ErrorCode.STREAM_DROPPED, ErrorCode.STORE_LOST);
  }

  private void bothEndsLearnOf(int killed, ErrorCode atNear, ErrorCode atFar) throws Exception {
    RecordBatchStream source = create(near, StreamSpec.named("flights"));
    RecordBatchStream target = create(far, StreamSpec.create());
    StreamWriter<RecordBatch> writer = source.writerNow();
    CompletableFuture<Void> written =
        writer
            .write(Flux.range(0, Integer.MAX_VALUE).map(n -> TestBatches.longs("n", n)))
            .doFinally(end -> writer.close())
            .toFuture();
    CompletableFuture<Void> pulled =
        StreamBridge.create()
            .pull(URI.create("http://127.0.0.1:" + server.port() + "/streams/flights"), target)
            .toFuture();
    CountDownLatch taken = new CountDownLatch(BEFORE);
    CompletableFuture<Void> read =
        target.reader().concatMap(batch -> readSlowly(batch, taken), 1).then().toFuture();
    assertThat(taken.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    long before = System.nanoTime();
    cluster.kill(killed);
    assertThat(errorSoon(pulled, before).code()).isEqualTo(atFar);
    assertThat(errorSoon(written, before).code()).isEqualTo(atNear);
    assertThat(errorSoon(read, before).code()).isEqualTo(atFar);
  }

  private static RecordBatchStream create(ObjectStore store, StreamSpec spec) {
    return RecordBatchStream.create(store, spec.windowChunks(16)).block(PATIENCE);
  }

  private static Mono<Long> readSlowly(RecordBatch batch, CountDownLatch taken) {
    batch.close();
    taken.countDown();
    return Mono.delay(READING);
  }

  private static VineyardException errorSoon(CompletableFuture<?> result, long sinceNanos)
      throws Exception {
    try {
      Object value = result.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      throw new AssertionError("expected an error, got " + value);
    } catch (ExecutionException error) {
      assertThat(Duration.ofNanos(System.nanoTime() - sinceNanos)).isLessThan(SOON);
      assertThat(error).hasCauseInstanceOf(VineyardException.class);
      return (VineyardException) error.getCause();
    }
  }
}
