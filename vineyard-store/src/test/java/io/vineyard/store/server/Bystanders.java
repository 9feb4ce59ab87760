package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Pattern;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.WriterDriver;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A writer and a reader, clients of their own, who stream and must not notice anything else. */
final class Bystanders implements AutoCloseable {
  private static final long PAUSE_NANOS = 200_000;
  private static final int CHUNK_BYTES = 10_000;

  private final ObjectStore writing;
  private final ObjectStore reading;
  private final ObjectId stream;
  private final CompletableFuture<Long> written;
  private final CompletableFuture<Long> read;
  private volatile boolean enough;
  private final AtomicLong seen = new AtomicLong();

  Bystanders(Path socket) {
    writing = VineyardClient.create().socket(socket).name("writer").connectNow();
    reading = VineyardClient.create().socket(socket).name("reader").connectNow();
    stream =
        Waits.value(writing.createStream(StreamSpec.named("bystanders").windowChunks(16))).id();
    written = CompletableFuture.supplyAsync(this::write, run -> start("writer", run));
    read = CompletableFuture.supplyAsync(this::read, run -> start("reader", run));
  }

  private static void start(String name, Runnable run) {
    Thread thread = new Thread(run, "bystanding " + name);
    thread.setDaemon(true);
    thread.start();
  }

  /** A client of theirs, to ask the store something. */
  ObjectStore store() {
    return reading;
  }

  ObjectId stream() {
    return stream;
  }

  private long write() {
    try (WriterDriver driver = WriterDriver.open(writing, stream)) {
      while (!enough) {
        driver.publish(CHUNK_BYTES);
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      driver.writer().finish();
      return driver.next();
    }
  }

  private long read() {
    try (ReaderDriver driver = ReaderDriver.open(reading, stream, Long.MAX_VALUE)) {
      for (Chunk chunk = driver.take(); chunk != null; chunk = driver.take()) {
        try (Chunk taken = chunk) {
          assertThat(Pattern.number(taken)).as("number of chunk").isEqualTo(seen.get());
        }
        seen.incrementAndGet();
      }
      assertThat(driver.reader().failure()).as("failure of the stream").isNull();
      return seen.get();
    }
  }

  /** Waits until they have streamed as much again as there is between two moments. */
  void awaitProgress() {
    long before = seen.get();
    Waits.until("the bystanders to go on", () -> seen.get() > before + 16 || read.isDone());
  }

  /** Has them end, and returns how many chunks were streamed: all of them, none wrong. */
  long finish() {
    enough = true;
    long count = read.orTimeout(10, TimeUnit.SECONDS).join();
    assertThat(written.orTimeout(10, TimeUnit.SECONDS).join()).isEqualTo(count);
    return count;
  }

  @Override
  public void close() {
    enough = true;
    writing.close();
    reading.close();
  }
}
