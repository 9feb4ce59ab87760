package io.vineyard.reactive;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs one task whenever it is signalled, never twice at a time; signals meanwhile run it once
 * more.
 */
final class SerialDrain {
  private final AtomicInteger signals = new AtomicInteger();
  private Scheduler.@Nullable Worker worker;
  private final Runnable task;
  private final Runnable loop = this::loop;
  private volatile boolean rejected;
  private volatile boolean stopped;
  private boolean again; // touched by the task's thread only

  SerialDrain(Runnable task) {
    this.task = task;
  }

  /** Has the task run by a worker; for threads that must not be held up. */
  void signal() {
    if (signals.getAndIncrement() == 0) {
      try {
        worker().schedule(loop);
      } catch (RejectedExecutionException shutDown) {
        rejected = !stopped;
        loop();
      }
    }
  }

  /** Runs the task now, unless it is running, in which case it will run once more. */
  void run() {
    if (signals.getAndIncrement() == 0) {
      loop();
    }
  }

  /** Only called by the one who may start the loop. */
  private Scheduler.Worker worker() {
    Scheduler.Worker known = worker;
    if (known == null) {
      known = Schedulers.parallel().createWorker();
      worker = known;
    }
    return known;
  }

  private void loop() {
    int missed = 1;
    do {
      if (stopped) {
        return;
      }
      task.run();
      if (again) {
        again = false;
        if (reschedule()) {
          return;
        }
      } else {
        missed = signals.addAndGet(-missed);
      }
    } while (missed != 0);
  }

  private boolean reschedule() {
    try {
      worker().schedule(loop);
      return true;
    } catch (RejectedExecutionException shutDown) {
      rejected = !stopped;
      return false;
    }
  }

  /** Called by the task: it has more to do, which others that use the same thread come before. */
  void again() {
    again = true;
  }

  /** Returns whether the scheduler was shut down, so that the task should come to an end. */
  boolean isRejected() {
    return rejected;
  }

  /** Ends it; called by the task, which then is not run again. */
  void stop() {
    stopped = true;
    Scheduler.Worker known = worker;
    if (known != null) {
      known.dispose();
    }
  }
}
