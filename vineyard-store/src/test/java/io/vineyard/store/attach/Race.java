package io.vineyard.store.attach;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Tasks that begin at the same moment, each on a thread of its own. */
final class Race implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 20;
  private static final int MOST_SPINS = 200;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** Runs tasks, waits until all have ended, and fails if one of them has. */
  void run(Runnable... tasks) {
    AtomicInteger missing = new AtomicInteger(tasks.length);
    List<Future<?>> running = new ArrayList<>();
    for (Runnable task : tasks) {
      running.add(
          threads.submit(
              () -> {
                missing.decrementAndGet();
                for (int turns = 0; missing.get() > 0; turns++) {
                  pause(turns);
                }
                task.run();
              }));
    }
    for (Future<?> task : running) {
      await(task);
    }
  }

  /** Spins as long as the others can be expected at once, and then lets them have the processor. */
  private static void pause(int turns) {
    if (turns < MOST_SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(1);
    }
  }

  private static void await(Future<?> task) {
    try {
      task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new AssertionError("expected a task to end well", e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new AssertionError("expected a task to end within " + PATIENCE_SECONDS + " s", e);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
