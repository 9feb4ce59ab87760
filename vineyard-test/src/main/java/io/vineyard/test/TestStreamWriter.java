package io.vineyard.test;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import io.vineyard.store.arrow.RecordBatch;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A writer in the hands of a test, for tests of readers: what {@code TestPublisher} of reactor-test
 * is for subscribers. It can also stall, fail, die, and publish what no writer may.
 *
 * <pre>{@code
 * StepVerifier.create(new Totals(writer.stream()).perDay())
 *     .then(() -> writer.next(TestBatches.longs("n", 1, 2)))
 *     .expectNext(3L)
 *     .then(writer::die)
 *     .verifyError(WriterLostException.class);
 * }</pre>
 *
 * <p>Batches that it is given belong to it, whatever comes of them. Nothing waits for readers: a
 * batch for which the window has no room is an {@link AssertionError}. What readers do arrives
 * later; so the assertions wait, at most 3 seconds. Whoever makes one closes it; that of a {@link
 * VineyardTest}'s parameter is closed with the test. Thread-safe.
 */
public final class TestStreamWriter implements AutoCloseable {
  /** What a writer may not publish. */
  public enum Violation {
    /** A batch of another schema than that of the batches before. */
    OTHER_SCHEMA,
    /** A header that is no Arrow message. */
    GARBAGE,
    /** A header that ends before it is complete. */
    TRUNCATED,
    /** A batch whose columns are in memory that does not exist. */
    NO_MEMORY
  }

  private static final int GARBAGE_BYTES = 64;
  private static final byte GARBAGE = (byte) 0xA5;

  private final ObjectStore store;
  private final RecordBatchStream stream;
  private final ChunkWriter writer;
  private final ChunkCodec.Encoder<RecordBatch> encoder;
  private final BufferAllocator allocator;
  private final Deque<Runnable> stalled = new ArrayDeque<>();
  private final Deque<RecordBatch> held = new ArrayDeque<>();
  private boolean isStalled;
  private boolean ended;
  private long published;

  private TestStreamWriter(ObjectStore store, RecordBatchStream stream, ChunkWriter writer) {
    this.store = store;
    this.stream = stream;
    this.writer = writer;
    this.encoder = ChunkCodec.recordBatches().encoder(writer);
    this.allocator = ChunkCodec.allocator(writer.memory());
  }

  /** Creates a nameless stream with the default window, and opens its writer. */
  public static TestStreamWriter create(ObjectStore store) {
    return create(store, StreamSpec.create());
  }

  /**
   * Creates a stream, and opens its writer.
   *
   * @throws VineyardException as {@link RecordBatchStream#create(ObjectStore, StreamSpec)} fails
   */
  public static TestStreamWriter create(ObjectStore store, StreamSpec spec) {
    return of(store, now(RecordBatchStream.create(store, spec)));
  }

  /**
   * Opens the writer of a stream that exists.
   *
   * @throws VineyardException as {@link RecordBatchStream#writer()} fails
   */
  public static TestStreamWriter of(ObjectStore store, RecordBatchStream stream) {
    return new TestStreamWriter(store, stream, now(store.openWriter(stream.id())));
  }

  private static <T> T now(Mono<T> mono) {
    return Objects.requireNonNull(mono.block(Patience.LONGEST), "a value");
  }

  /** The kit closes it, so it is no leak of the test. */
  void disown() {
    String unused = Ledger.INSTANCE.disown(writer);
  }

  /** Returns the stream, to hand to what is tested. */
  public RecordBatchStream stream() {
    return stream;
  }

  /** Returns a reader of the stream, as {@link RecordBatchStream#reader()} does. */
  public Flux<RecordBatch> reader() {
    return stream.reader();
  }

  /** Returns memory in which batches are published without a copy; must not be closed. */
  public BufferAllocator allocator() {
    return allocator;
  }

  /**
   * Publishes batches.
   *
   * @throws AssertionError if the window has no room, or the stream has ended
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if a batch has another schema
   *     than those before, or with {@link ErrorCode#ALREADY_STOPPED} if it is closed
   */
  public TestStreamWriter next(RecordBatch first, RecordBatch... more) {
    publish(first, encoder, writer);
    Arrays.stream(more).forEach(batch -> publish(batch, encoder, writer));
    return this;
  }

  /** Publishes batches as {@link #next} does, and completes. */
  public TestStreamWriter emit(RecordBatch... batches) {
    Arrays.stream(batches).forEach(batch -> publish(batch, encoder, writer));
    return complete();
  }

  private synchronized void publish(
      RecordBatch batch, ChunkCodec.Encoder<RecordBatch> how, ChunkWriter where) {
    if (isStalled) {
      held.add(batch);
      stalled.add(() -> publishNow(held.remove(), how, where));
    } else {
      publishNow(batch, how, where);
    }
  }

  private void publishNow(
      RecordBatch batch, ChunkCodec.Encoder<RecordBatch> how, ChunkWriter where) {
    try (batch) {
      how.check(batch);
      ChunkCodec.Encoded encoded = encode(batch, how);
      ChunkWriter.Result result = where.tryPublish(encoded.draft());
      if (result != ChunkWriter.Result.OK) {
        encoded.discard();
        throw new AssertionError("expected " + describe() + " to take a batch, got " + result);
      }
      published++;
    } finally {
      if (how != encoder) {
        how.close();
      }
    }
  }

  /** Memory is leased ahead of need, and the first time that may be a moment late. */
  private ChunkCodec.Encoded encode(RecordBatch batch, ChunkCodec.Encoder<RecordBatch> how) {
    ChunkCodec.@Nullable Encoded[] encoded = {null};
    Patience.until(
        Patience.LONGEST,
        () -> {
          encoded[0] = how.tryEncode(batch);
          return encoded[0] != null || writer.roomChunks() == 0 || writer.failure() != null;
        });
    ChunkCodec.Encoded made = encoded[0];
    if (made == null) {
      throw new AssertionError(
          "expected room for a batch of %d bytes in %s, it has room for %d chunks and %d bytes%s"
              .formatted(
                  batch.sizeBytes(),
                  describe(),
                  writer.roomChunks(),
                  writer.roomBytes(),
                  writer.failure() == null ? "" : ": " + writer.failure()));
    }
    return made;
  }

  /** Completes the stream. */
  public TestStreamWriter complete() {
    return end(writer::finish);
  }

  /** Fails the stream as {@link io.vineyard.reactive.StreamWriter#tryEmitError} does. */
  public TestStreamWriter error(Throwable error) {
    return error instanceof VineyardException typed
        ? fail(typed.code(), String.valueOf(typed.getMessage()))
        : fail(ErrorCode.STREAM_FAILED, error.toString());
  }

  /** Fails the stream: its readers get an error with this code and text. */
  public TestStreamWriter fail(ErrorCode code, String text) {
    return end(() -> writer.fail(code, text));
  }

  /**
   * Leaves as a process does that is killed: readers get what was published, and then a {@link
   * io.vineyard.store.WriterLostException}. What stalled is never published.
   */
  public TestStreamWriter die() {
    close();
    return this;
  }

  private synchronized TestStreamWriter end(Runnable end) {
    if (isStalled) {
      stalled.add(() -> endNow(end));
    } else {
      endNow(end);
    }
    return this;
  }

  private void endNow(Runnable end) {
    if (ended) {
      throw new AssertionError("expected " + describe() + " to be open, it was ended before");
    }
    ended = true;
    encoder.close();
    end.run();
  }

  /** Holds back everything that is published, and ends, until {@link #resume()}. */
  public synchronized TestStreamWriter stall() {
    isStalled = true;
    return this;
  }

  /**
   * Publishes, and ends, what was held back.
   *
   * @throws AssertionError as {@link #next} does
   */
  public synchronized TestStreamWriter resume() {
    isStalled = false;
    while (!stalled.isEmpty()) {
      stalled.remove().run();
    }
    return this;
  }

  /**
   * Publishes a batch in a way that no writer may. Readers must not take it for a batch: theirs end
   * with {@link ErrorCode#ARROW_ERROR}, or with {@link ErrorCode#INVALID} for {@link
   * Violation#NO_MEMORY}.
   *
   * @throws AssertionError as {@link #next} does
   * @throws IllegalStateException for {@link Violation#OTHER_SCHEMA} before there was a batch
   */
  public TestStreamWriter violate(Violation violation, RecordBatch batch) {
    switch (violation) {
      case OTHER_SCHEMA -> violateSchema(batch);
      case GARBAGE -> violate(batch, header -> garbage(), true);
      case TRUNCATED ->
          violate(batch, header -> header.duplicate().limit(header.limit() / 2), true);
      case NO_MEMORY -> violate(batch, header -> header, false);
    }
    return this;
  }

  private void violateSchema(RecordBatch batch) {
    synchronized (this) {
      if (published == 0 && held.isEmpty()) {
        batch.close();
        throw new IllegalStateException("expected a batch before one of another schema, got none");
      }
    }
    publish(batch, ChunkCodec.recordBatches().encoder(writer), writer);
  }

  private void violate(
      RecordBatch batch, Function<ByteBuffer, ByteBuffer> change, boolean withMemory) {
    ChunkWriter broken = new BrokenChunks(writer, change, withMemory);
    publish(batch, ChunkCodec.recordBatches().encoder(broken), broken);
  }

  private static ByteBuffer garbage() {
    byte[] bytes = new byte[GARBAGE_BYTES];
    Arrays.fill(bytes, GARBAGE);
    return ByteBuffer.wrap(bytes);
  }

  /** Asserts that readers have at least so many batches, or have had them. */
  public TestStreamWriter assertMinTaken(long batches) {
    long[] taken = {0};
    return await(
        () -> {
          StreamInfo info = infoOrGone();
          taken[0] = info == null ? published() : info.releasedChunks() + info.leasedChunks();
          return taken[0] >= batches;
        },
        () -> "at least " + batches + " batches taken by readers",
        () -> taken[0] + " of " + published());
  }

  /** Asserts that so many batches are published and not yet released by their reader. */
  public TestStreamWriter assertWindowUsed(long batches) {
    return await(
        () -> writer.outstandingChunks() == batches,
        () -> batches + " batches that are not released",
        () -> String.valueOf(writer.outstandingChunks()));
  }

  /** Asserts that all that was published is released: no reader holds a batch. */
  public TestStreamWriter assertAllReleased() {
    return assertWindowUsed(0);
  }

  /** Asserts that the window has room for at least so many more batches. */
  public TestStreamWriter assertMinRoom(int batches) {
    return await(
        () -> writer.roomChunks() >= batches,
        () -> "room for at least " + batches + " batches",
        () -> String.valueOf(writer.roomChunks()));
  }

  /** Asserts that the window is full. */
  public TestStreamWriter assertWindowFull() {
    return await(
        () -> !writer.hasRoom(1),
        () -> "a full window",
        () -> "room for " + writer.roomChunks() + " batches, " + writer.roomBytes() + " bytes");
  }

  /** Asserts that somebody reads. */
  public TestStreamWriter assertSubscribed() {
    return await(() -> hasReader(), () -> "a reader", () -> "none");
  }

  /** Asserts that nobody reads, because the reader has cancelled, or there was none. */
  public TestStreamWriter assertCancelled() {
    return await(() -> !hasReader(), () -> "no reader", () -> "one");
  }

  private boolean hasReader() {
    StreamInfo info = infoOrGone();
    return info != null && info.hasReader();
  }

  /** Returns the stream as it is now, null if it is over and gone. */
  private @Nullable StreamInfo infoOrGone() {
    return stream
        .info()
        .onErrorResume(
            error ->
                error instanceof VineyardException typed
                    && typed.code() == ErrorCode.STREAM_DRAINED,
            error -> Mono.empty())
        .block(Patience.LONGEST);
  }

  private TestStreamWriter await(
      BooleanSupplier so, Supplier<String> expected, Supplier<String> actual) {
    if (!Patience.until(Patience.DEFAULT, so)) {
      throw new AssertionError(
          "expected %s in %s within %s, got %s"
              .formatted(expected.get(), describe(), Patience.DEFAULT, actual.get()));
    }
    return this;
  }

  private synchronized long published() {
    return published;
  }

  private String describe() {
    return writer.stream().describe();
  }

  /**
   * Ends my use: a stream that was not ended fails with {@link ErrorCode#WRITER_LOST}. What stalled
   * is closed. Any call but the first does nothing.
   */
  @Override
  public synchronized void close() {
    held.forEach(RecordBatch::close);
    held.clear();
    stalled.clear();
    isStalled = false;
    if (!ended) {
      ended = true;
      encoder.close();
    }
    writer.close();
  }

  @Override
  public String toString() {
    return "writer of " + describe() + " in " + store;
  }
}
