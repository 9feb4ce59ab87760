package io.vineyard.reactive;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Runs one task whenever it is signalled, never twice at a time; signals meanwhile run it once
 * more.
 *
 * <p>A thread that has run it for {@link #TURN_NANOS}, and is to run it again, leaves that to a
 * worker, behind what waits there: a stream that never rests would keep the timers of everybody who
 * shares the thread from running.
 */
final class SerialDrain {
  /** How long others who use the same thread wait for their turn, in about. */
  private static final long TURN_NANOS = 1_000_000;

  private final AtomicInteger signals = new AtomicInteger();
  private Scheduler.@Nullable Worker worker;
  private final Runnable task;
  private final Runnable loop = this::loop;
  private volatile boolean rejected;
  private volatile boolean stopped;

  // Touched by the task's thread only.
  private long begunNanos;
  private boolean again;

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
    begunNanos = System.nanoTime();
    int missed = 1;
    do {
      if (stopped) {
        return;
      }
      task.run();
      boolean leaves = again;
      if (again) {
        again = false;
      } else {
        missed = signals.addAndGet(-missed);
        leaves = missed != 0 && isTurnOver();
      }
      if (leaves && reschedule()) {
        return;
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

  /** Called by the task; returns whether others who use the same thread wait for long. */
  boolean isTurnOver() {
    return System.nanoTime() - begunNanos > TURN_NANOS;
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
