package io.vineyard.http;

import static io.vineyard.http.BridgeContext.ROWS;
import static io.vineyard.http.BridgeContext.WINDOW;
import static io.vineyard.http.BridgeContext.assertCode;
import static io.vineyard.http.BridgeContext.errorSoon;
import static io.vineyard.http.BridgeContext.newStream;
import static io.vineyard.http.BridgeContext.uri;
import static io.vineyard.http.BridgeContext.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.http.BridgeContext.Reader;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.test.TestBatches;
import io.vineyard.test.VineyardAssertions;
import io.vineyard.test.VineyardTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.netty.DisposableServer;

/** A bridge between two stores, all of whose processes live. */
@VineyardTest(ignoredThreads = "reactor-http")
class StreamBridgeIT {
  /** Long, because what is tested here is not how soon a busy machine answers. */
  private static final StreamBridge BRIDGE = StreamBridge.create().timeout(Duration.ofSeconds(20));

  private ObjectStore near;
  private ObjectStore far;
  private DisposableServer server;

  @BeforeEach
  void start(ObjectStore nearStore) {
    near = nearStore;
    far = EmbeddedStore.create().open();
    server = BridgeContext.serve(near, BRIDGE);
  }

  @AfterEach
  void stop() {
    server.disposeNow(Waits.PATIENCE);
    Waits.untilIdle(near);
    Waits.untilIdle(far);
    far.close();
  }

  private CompletableFuture<Void> pull(String name, RecordBatchStream target) {
    return BRIDGE.pull(uri(server.port(), name), target).toFuture();
  }

  private static void done(CompletableFuture<Void> result)
      throws InterruptedException, ExecutionException, TimeoutException {
    result.get(Waits.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Test
  void batchesArriveOnceAndInOrder() throws Exception {
    CompletableFuture<Void> written = write(newStream(near, "flights"), 500);
    RecordBatchStream target = newStream(far, "flights");
    CompletableFuture<Void> pulled = pull("flights", target);
    Reader reader = Reader.of(target).take(500);
    reader.request(1);
    done(reader.end());
    done(pulled);
    done(written);
  }

  @Test
  void batchesOfAnyTypeArriveEqual() throws Exception {
    List<RecordBatch> batches = goods();
    RecordBatchStream source = newStream(near, "goods");
    RecordBatchStream target = newStream(far, "goods");
    try (StreamWriter<RecordBatch> writer = source.writerNow()) {
      for (RecordBatch each : goods()) {
        Waits.done(writer.emit(each));
      }
      writer.tryEmitComplete();
    }
    done(pull("goods", target));
    List<RecordBatch> arrived = Waits.value(target.reader().collectList());
    assertThat(arrived).hasSameSizeAs(batches);
    for (int i = 0; i < batches.size(); i++) {
      VineyardAssertions.assertThat(arrived.get(i)).hasSameContentAs(batches.get(i));
      arrived.get(i).close();
      batches.get(i).close();
    }
  }

  private static List<RecordBatch> goods() {
    return List.of(
        batch(1, "tea", "milk", null), batch(2, "tea"), batch(3), batch(4, null, "salt"));
  }

  private static RecordBatch batch(double price, String... names) {
    double[] prices = new double[names.length];
    Arrays.fill(prices, price);
    return TestBatches.columns()
        .texts("name", names)
        .dictionary("kind", names)
        .doubles("price", prices)
        .build();
  }

  @Test
  void compressedBatchesArriveEqual() throws Exception {
    RecordBatchStream source = newStream(near, "small");
    CompletableFuture<Void> written = write(source, 20);
    StreamBridge zstd = BRIDGE.encoder(BatchBodyEncoder.create().compression(CodecType.ZSTD));
    DisposableServer compressing = BridgeContext.serve(near, zstd);
    try {
      RecordBatchStream target = newStream(far, "small");
      CompletableFuture<Void> pulled =
          BRIDGE.pull(uri(compressing.port(), "small"), target).toFuture();
      Reader reader = Reader.of(target).take(20);
      reader.request(1);
      done(reader.end());
      done(pulled);
      done(written);
    } finally {
      compressing.disposeNow(Waits.PATIENCE);
    }
  }

  @Test
  void emptyStreamArrivesEmpty() throws Exception {
    CompletableFuture<Void> written = write(newStream(near, "none"), 0);
    RecordBatchStream target = newStream(far, "none");
    done(pull("none", target));
    Reader reader = Reader.of(target);
    done(reader.end());
    done(written);
    assertThat(reader.batches()).isZero();
  }

  @Test
  void streamIsFoundByItsIdAndByNamesThatUrisMustEncode() throws Exception {
    RecordBatchStream odd = newStream(near, "all flights/ö+1?");
    CompletableFuture<Void> written = write(odd, 1);
    RecordBatchStream target = newStream(far, "odd");
    done(pull("all%20flights%2F%C3%B6+1%3F", target));
    Reader.of(target).take(1).request(1);
    done(written);
    RecordBatchStream byId = newStream(near, "by id");
    written = write(byId, 1);
    RecordBatchStream second = newStream(far, "by id");
    done(pull(byId.id().toString(), second));
    Reader.of(second).take(1).request(1);
    done(written);
  }

  @Test
  void slowReaderHoldsTheWriter() throws Exception {
    RecordBatchStream source = newStream(near, "slow");
    CompletableFuture<Void> written = write(source);
    RecordBatchStream target = newStream(far, "slow");
    CompletableFuture<Void> pulled = pull("slow", target);
    Reader reader = Reader.of(target).take(1);
    long held = heldAt(source);
    // a batch has 26 kB: the windows, 1 MiB, and what the sockets of this machine hold
    assertThat(held).isLessThan(2 * WINDOW + (16 << 20) / 26_000);
    for (int step = 1; step <= 40; step++) {
      reader.take(10);
    }
    // what the sockets hold is not always the same
    assertThat(heldAt(source)).isBetween(held + 100, held + 700);
    reader.cancel();
    Waits.done(target.drop());
    assertCode(errorSoon(pulled, System.nanoTime()), ErrorCode.STREAM_DROPPED, "");
    assertCode(errorSoon(written, System.nanoTime()), ErrorCode.STREAM_DROPPED, "");
  }

  /** Waits until nothing more is published, and returns how much was. */
  private static long heldAt(RecordBatchStream stream) {
    long[] last = {-1, System.nanoTime()};
    Waits.until(
        "the writer to be held",
        () -> {
          long now = info(stream).publishedChunks();
          if (now != last[0]) {
            last[0] = now;
            last[1] = System.nanoTime();
          }
          return System.nanoTime() - last[1] > Duration.ofMillis(300).toNanos();
        });
    return last[0];
  }

  private static StreamInfo info(RecordBatchStream stream) {
    return Waits.value(stream.info());
  }

  @Test
  void errorOfTheWriterComesAfterItsBatches() throws Exception {
    RecordBatchStream source = newStream(near, "broken");
    try (StreamWriter<RecordBatch> writer = source.writerNow()) {
      for (int n = 0; n < 5; n++) {
        Waits.done(writer.emit(Flights.batch(writer.allocator(), (long) n * ROWS, ROWS)));
      }
      writer.tryEmitError(new IllegalStateException("no more flights"));
    }
    RecordBatchStream target = newStream(far, "broken");
    CompletableFuture<Void> pulled = pull("broken", target);
    Reader reader = Reader.of(target).take(5);
    assertCode(errorSoon(pulled, System.nanoTime()), ErrorCode.STREAM_FAILED, "no more flights");
    reader.request(1);
    VineyardException told = errorSoon(reader.end(), System.nanoTime());
    assertCode(told, ErrorCode.STREAM_FAILED, "no more flights");
    assertThat(told).hasMessageContaining("link to http://127.0.0.1");
  }

  @Test
  void lostWriterIsLostAtTheFarSideToo() throws Exception {
    RecordBatchStream source = newStream(near, "lost");
    source.writerNow().close();
    RecordBatchStream target = newStream(far, "lost");
    assertCode(errorSoon(pull("lost", target), System.nanoTime()), ErrorCode.WRITER_LOST, "link");
    assertCode(errorSoon(Reader.of(target).end(), System.nanoTime()), ErrorCode.WRITER_LOST, "");
  }

  @Test
  void cancelledPullEndsBothStreams() throws Exception {
    RecordBatchStream source = newStream(near, "cancelled");
    CompletableFuture<Void> written = write(source);
    RecordBatchStream target = newStream(far, "cancelled");
    Disposable pull = BRIDGE.pull(uri(server.port(), "cancelled"), target).subscribe();
    Reader reader = Reader.of(target).take(1);
    long before = System.nanoTime();
    pull.dispose();
    reader.request(Long.MAX_VALUE);
    assertCode(errorSoon(written, before), ErrorCode.STREAM_DROPPED, "");
    assertCode(errorSoon(reader.end(), before), ErrorCode.WRITER_LOST, "");
  }

  @Test
  void pullThatCouldNotBeginCanBeTriedAgain() throws Exception {
    RecordBatchStream target = newStream(far, "late");
    assertCode(
        errorSoon(pull("late", target), System.nanoTime()), ErrorCode.OBJECT_NOT_EXISTS, "late");
    RecordBatchStream source = newStream(near, "late");
    CompletableFuture<Void> written = write(source, 1);
    Reader first = Reader.of(source);
    Waits.until("a reader", () -> info(source).hasReader());
    assertCode(errorSoon(pull("late", target), System.nanoTime()), ErrorCode.STREAM_OPENED, "");
    first.cancel();
    Waits.until("no reader", () -> !info(source).hasReader());
    int port = server.port();
    server.disposeNow(Waits.PATIENCE);
    assertCode(
        errorSoon(BRIDGE.pull(uri(port, "late"), target).toFuture(), System.nanoTime()),
        ErrorCode.CONNECTION_FAILED,
        ":" + port);
    server = BridgeContext.serve(near, BRIDGE);
    done(pull("late", target));
    Reader.of(target).take(1).request(1);
    done(written);
  }

  @Test
  void readerThatLeavesIsFollowedByTheNext() throws Exception {
    CompletableFuture<Void> written = write(newStream(near, "shift"), 40);
    RecordBatchStream target = newStream(far, "shift");
    CompletableFuture<Void> pulled = pull("shift", target);
    Reader.of(target).take(10).cancel();
    long rest = Waits.value(target.reader(RecordBatch::rowCount).count());
    assertThat(rest).isEqualTo(30);
    done(pulled);
    done(written);
  }

  @Test
  void streamWithoutItsReaderStaysForWhoPullsNext() throws Exception {
    RecordBatchStream source = newStream(near, "idle");
    StreamWriter<RecordBatch> writer = source.writerNow();
    RecordBatchStream first = newStream(far, "first");
    Disposable pull = BRIDGE.pull(uri(server.port(), "idle"), first).subscribe();
    Waits.until("a reader", () -> info(source).hasReader());
    pull.dispose();
    Waits.until("no reader", () -> !info(source).hasReader());
    Waits.done(first.drop());
    RecordBatchStream second = newStream(far, "second");
    CompletableFuture<Void> pulled = pull("idle", second);
    CompletableFuture<Void> written =
        writer
            .write(Flux.defer(() -> Flux.just(Flights.batch(writer.allocator(), 0, ROWS))))
            .toFuture();
    Reader.of(second).take(1).request(1);
    done(pulled);
    done(written);
    writer.close();
  }

  @Test
  void timeoutsHaveALeast() {
    assertThatThrownBy(() -> BRIDGE.timeout(Duration.ofMillis(9)))
        .isInstanceOf(VineyardException.class)
        .hasMessageContaining("PT0.009S");
  }
}
