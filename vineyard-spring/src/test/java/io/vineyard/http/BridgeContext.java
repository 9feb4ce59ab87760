package io.vineyard.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

/** What tests of both ends of a bridge need. */
final class BridgeContext {
  static final int ROWS = 1000;
  static final int WINDOW = 8;

  /** What is promised, 1 s, and what a busy machine adds. */
  static final Duration SOON = Duration.ofSeconds(2);

  private BridgeContext() {}

  static DisposableServer serve(ObjectStore store, StreamBridge bridge) {
    return HttpServer.create().host("127.0.0.1").port(0).route(bridge.serve(store)).bindNow();
  }

  static URI uri(int port, String stream) {
    return URI.create("http://127.0.0.1:" + port + "/streams/" + stream);
  }

  static RecordBatchStream newStream(ObjectStore store, String name) {
    return Waits.value(
        RecordBatchStream.create(store, StreamSpec.named(name).windowChunks(WINDOW)));
  }

  /** Writes batches of numbers that count up; the result ends as writing does. */
  static CompletableFuture<Void> write(RecordBatchStream stream, int batches) {
    return write(stream, batches, Flux.empty());
  }

  /** Writes a few batches, and then waits without an end. */
  static CompletableFuture<Void> writeOnly(RecordBatchStream stream, int batches) {
    return write(stream, batches, Flux.never());
  }

  private static CompletableFuture<Void> write(
      RecordBatchStream stream, int batches, Flux<RecordBatch> rest) {
    StreamWriter<RecordBatch> writer = stream.writerNow();
    return writer
        .write(
            Flux.range(0, batches)
                .map(n -> Flights.batch(writer.allocator(), (long) n * ROWS, ROWS))
                .concatWith(rest))
        .doFinally(end -> writer.close())
        .toFuture();
  }

  /** Writes without end. */
  static CompletableFuture<Void> write(RecordBatchStream stream) {
    return write(stream, Integer.MAX_VALUE);
  }

  /** Waits for an error, which must come soon after a moment. */
  static VineyardException errorSoon(CompletableFuture<?> result, long sinceNanos)
      throws InterruptedException {
    try {
      Object value = result.get(Waits.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      throw new AssertionError("expected an error, got " + value);
    } catch (TimeoutException late) {
      throw new AssertionError("expected an error", late);
    } catch (ExecutionException error) {
      Duration took = Duration.ofNanos(System.nanoTime() - sinceNanos);
      assertThat(took).isLessThan(SOON);
      assertThat(error).hasCauseInstanceOf(VineyardException.class);
      return (VineyardException) error.getCause();
    }
  }

  /** Reads batches one by one, as it is told, and checks that none is missing. */
  static final class Reader extends BaseSubscriber<RecordBatch> {
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final AtomicLong batches = new AtomicLong();

    static Reader of(RecordBatchStream stream) {
      Reader reader = new Reader();
      stream.reader().subscribe(reader);
      return reader;
    }

    CompletableFuture<Void> end() {
      return end;
    }

    long batches() {
      return batches.get();
    }

    Reader take(long count) {
      long before = batches.get();
      request(count);
      Waits.until(
          () -> "batch " + (before + count) + ", got " + batches,
          () -> batches.get() == before + count);
      return this;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
      // it is told when to request
    }

    @Override
    protected void hookOnNext(RecordBatch batch) {
      try (batch) {
        assertThat(batch.rowCount()).isEqualTo(ROWS);
        assertThat(batch.values("n").getLong(0)).isEqualTo(batches.get() * ROWS);
        batches.incrementAndGet();
      } catch (AssertionError wrong) {
        end.completeExceptionally(wrong);
        cancel();
      }
    }

    @Override
    protected void hookOnComplete() {
      end.complete(null);
    }

    @Override
    protected void hookOnError(Throwable error) {
      end.completeExceptionally(error);
    }
  }

  static void assertCode(VineyardException error, ErrorCode code, String text) {
    assertThat(error.code()).as("%s", error).isEqualTo(code);
    assertThat(error).hasMessageContaining(text);
  }
}
