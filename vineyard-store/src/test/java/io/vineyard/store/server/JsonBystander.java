package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.Waits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A writer and a reader in Vineyard's dialect, who stream and must not notice anything else. */
final class JsonBystander implements AutoCloseable {
  private static final long PAUSE_NANOS = 200_000;
  private static final int CHUNK_BYTES = 1000;

  private final RawJsonClient writer;
  private final RawJsonClient reader;
  private final long stream;
  private final AtomicLong read = new AtomicLong();
  private final CompletableFuture<Void> streaming;
  private volatile boolean enough;

  JsonBystander(Path socket) {
    writer = RawJsonClient.register(socket);
    reader = RawJsonClient.register(socket);
    stream = writer.stream("vineyard::ByteStream");
    writer.done(message("open_stream_request", "object_id", stream, "mode", 2));
    reader.done(message("open_stream_request", "object_id", stream, "mode", 1));
    streaming = CompletableFuture.runAsync(this::run, this::start);
  }

  private void start(Runnable run) {
    Thread thread = new Thread(run, "bystander in JSON");
    thread.setDaemon(true);
    thread.start();
  }

  /** Returns the id of its stream, and of what describes it. */
  long stream() {
    return stream;
  }

  private void run() {
    write(0);
    long next = 1;
    while (!enough) {
      write(next++);
      check();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    writer.done(message("stop_stream_request", "id", stream, "failed", false));
    check();
    assertThat(reader.refused(pull())).as("the end").isEqualTo(42);
    assertThat(read.get()).as("chunks read").isEqualTo(next);
    writer.drop(stream);
  }

  private JsonNode pull() {
    return message("pull_next_stream_chunk_request", "id", stream);
  }

  private void write(long number) {
    JsonNode next =
        message("get_next_stream_chunk_request", "id", stream, "size", (long) CHUNK_BYTES);
    ByteBuffer memory = writer.memory(writer.done(next).get("buffer"));
    memory.putLong(0, number).putLong(CHUNK_BYTES - Long.BYTES, ~number);
  }

  private void check() {
    byte[] bytes = reader.bytes(Messages.bits(reader.done(pull()).get("chunk")));
    ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes).hasSize(CHUNK_BYTES);
    assertThat(chunk.getLong(0)).as("number of the chunk").isEqualTo(read.get());
    assertThat(chunk.getLong(CHUNK_BYTES - Long.BYTES)).isEqualTo(~read.get());
    read.incrementAndGet();
  }

  /** Waits until it has streamed as much again as there is between two moments. */
  void awaitProgress() {
    long before = read.get();
    Waits.until("JSON to go on", () -> read.get() > before + 16 || streaming.isDone());
  }

  /** Has it end, and returns how many chunks were streamed: all of them, none wrong. */
  long finish() {
    enough = true;
    streaming.orTimeout(10, TimeUnit.SECONDS).join();
    return read.get();
  }

  /** Closes its connections, before the block that it is used in ends. */
  void leave() {
    close();
  }

  @Override
  public void close() {
    enough = true;
    writer.close();
    reader.close();
  }
}
