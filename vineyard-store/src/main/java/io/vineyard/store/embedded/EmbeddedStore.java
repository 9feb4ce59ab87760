package io.vineyard.store.embedded;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.BackgroundSegments;
import io.vineyard.store.attach.Handover;
import io.vineyard.store.attach.LocalLink;
import io.vineyard.store.core.StoreCore;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.MemoryThreads;
import java.time.Clock;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * An object store in this JVM, for one process that needs no server.
 *
 * <p>Immutable; each setter returns a copy. The store that {@link #open} makes is closed by its
 * user, and ends with the last client that was forked from it.
 *
 * <pre>{@code
 * try (ObjectStore store = EmbeddedStore.create().open()) {
 *   ObjectId id = store.put(batch).block();
 * }
 * }</pre>
 */
public final class EmbeddedStore {
  /** The capacity of a store unless told otherwise: 1 GiB. */
  public static final long DEFAULT_CAPACITY_BYTES = 1L << 30;

  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final EmbeddedStore DEFAULT =
      new EmbeddedStore(DEFAULT_CAPACITY_BYTES, StoreLimits.DEFAULT_SEGMENT_BYTES, "");

  private final long capacityBytes;
  private final long segmentBytes;
  private final String name;

  private EmbeddedStore(long capacityBytes, long segmentBytes, String name) {
    this.capacityBytes = capacityBytes;
    this.segmentBytes = segmentBytes;
    this.name = name;
  }

  /** Begins with the defaults: 1 GiB in segments of 64 MiB. */
  public static EmbeddedStore create() {
    return DEFAULT;
  }

  /** Sets the most memory that the store may use, in bytes. */
  public EmbeddedStore capacity(long bytes) {
    return new EmbeddedStore(bytes, segmentBytes, name);
  }

  /** Sets the usual capacity of a segment, in bytes. */
  public EmbeddedStore segmentBytes(long bytes) {
    return new EmbeddedStore(capacityBytes, bytes, name);
  }

  /** Sets the name of the store in messages and of its thread. */
  public EmbeddedStore name(String value) {
    return new EmbeddedStore(capacityBytes, segmentBytes, Objects.requireNonNull(value, "name"));
  }

  /**
   * Opens a new store; the caller closes it.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if a capacity is out of its range, or
   *     {@link ErrorCode#LIMIT_REACHED} if no thread can be started for it
   */
  public ObjectStore open() {
    StoreLimits limits = StoreLimits.of(capacityBytes, segmentBytes);
    String label = name.isEmpty() ? "embedded-store-" + COUNT.incrementAndGet() : name;
    ExecutorService loop = loop(label);
    Executor worker = MemoryThreads.executor();
    StoreCore core = new StoreCore(limits, new BackgroundSegments(worker, loop), Clock.systemUTC());
    Mono<ObjectStore> store =
        LocalLink.connect(
            core, loop, label, () -> closeIfUnused(core, loop), Schedulers.immediate());
    return Objects.requireNonNull(Handover.join(store.toFuture()), "store");
  }

  /** Makes the thread that owns the tables, with a queue that nobody waits to add to. */
  private static ExecutorService loop(String label) {
    return new ThreadPoolExecutor(
        1,
        1,
        0,
        TimeUnit.SECONDS,
        new LinkedTransferQueue<>(),
        task -> {
          Thread thread = new Thread(task, "vineyard-" + label);
          thread.setDaemon(true);
          return thread;
        });
  }

  private static void closeIfUnused(StoreCore core, ExecutorService loop) {
    // The client is still being detached: only what comes after that may close the tables.
    loop.execute(
        () -> {
          if (core.clients() == 0) {
            core.close();
            loop.shutdown();
          }
        });
  }
}
