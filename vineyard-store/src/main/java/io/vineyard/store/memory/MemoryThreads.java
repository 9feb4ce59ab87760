package io.vineyard.store.memory;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of this JVM that get memory from the system, fill and map it.
 *
 * <p>They are for that alone, because others wait for it, on whatever thread they are. A pool that
 * is shared with those who wait, as that of {@link
 * reactor.core.scheduler.Schedulers#boundedElastic()}, may put the task behind the one who waits:
 * it takes a thread for free as soon as its worker is disposed, and not when what runs there ends.
 */
public final class MemoryThreads {
  /** More than there are cores in a small machine, lest little wait for much. */
  private static final int LEAST_THREADS = 8;

  private static final int MOST_WAITING = 100_000;
  private static final long MOST_IDLE_SECONDS = 10;
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final ThreadPoolExecutor THREADS = threads();

  private MemoryThreads() {}

  /**
   * Returns what runs tasks; none may wait for anybody.
   *
   * <p>It throws {@link java.util.concurrent.RejectedExecutionException} if too many wait, and
   * {@link OutOfMemoryError} if no thread can be started.
   */
  public static Executor executor() {
    return THREADS;
  }

  private static ThreadPoolExecutor threads() {
    int most = Math.max(LEAST_THREADS, Runtime.getRuntime().availableProcessors());
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            most,
            most,
            MOST_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            MemoryThreads::thread);
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  private static Thread thread(Runnable task) {
    String name = "vineyard-memory-" + COUNT.incrementAndGet();
    Thread thread = new Thread(null, task, name, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(MemoryThreads.class.getClassLoader());
    return thread;
  }
}
