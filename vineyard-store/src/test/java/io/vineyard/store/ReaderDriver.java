package io.vineyard.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A reader of {@link Pattern} chunks. */
public final class ReaderDriver implements AutoCloseable {
  private final ChunkReader reader;
  private final Semaphore available;

  private ReaderDriver(ChunkReader reader, Semaphore available) {
    this.reader = reader;
    this.available = available;
  }

  /** Opens the reading end of a stream, and requests nothing. */
  public static ReaderDriver open(ObjectStore store, ObjectId stream) {
    Semaphore available = new Semaphore(0);
    return new ReaderDriver(Waits.value(store.openReader(stream, available::release)), available);
  }

  /** Opens the reading end of a stream, and requests chunks. */
  public static ReaderDriver open(ObjectStore store, ObjectId stream, long request) {
    ReaderDriver driver = open(store, stream);
    driver.reader.request(request);
    return driver;
  }

  /** Returns the reader that is driven. */
  public ChunkReader reader() {
    return reader;
  }

  /** Waits for the next chunk, which the caller closes; null at the end. */
  public @Nullable Chunk take() {
    Chunk chunk = reader.poll();
    while (chunk == null && !reader.isEnded()) {
      Waits.signal("a chunk or the end of " + reader.stream(), available);
      chunk = reader.poll();
    }
    return chunk;
  }

  /** Waits for the next chunk, which the caller closes. */
  public Chunk next() {
    Chunk chunk = take();
    if (chunk == null) {
      throw new AssertionError("expected a chunk, got the end, " + reader.failure());
    }
    return chunk;
  }

  /** Takes, checks and closes so many chunks; returns their numbers. */
  public List<Long> numbers(int chunks) {
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < chunks; i++) {
      try (Chunk chunk = next()) {
        numbers.add(Pattern.number(chunk));
      }
    }
    return numbers;
  }

  /** Waits for the end, before which no chunk may come; returns what failed, null if nothing. */
  public @Nullable VineyardException end() {
    Chunk chunk = take();
    if (chunk != null) {
      chunk.close();
      throw new AssertionError("expected the end, got chunk " + chunk.position());
    }
    assertThat(reader.isEnded()).isTrue();
    return reader.failure();
  }

  /** Asks the store something, so that whatever it sent before is here. */
  public static void settle(ObjectStore store) {
    Waits.value(store.status());
    Waits.value(store.status());
  }

  @Override
  public void close() {
    reader.close();
  }
}
