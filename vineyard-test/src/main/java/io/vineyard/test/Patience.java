package io.vineyard.test;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Bounded waits for what nobody tells of. */
final class Patience {
  /** The longest that an assertion waits. */
  static final Duration DEFAULT = Duration.ofSeconds(3);

  /** The longest to wait for what always comes. */
  static final Duration LONGEST = Duration.ofSeconds(20);

  private static final long STEP_NANOS = 500_000;

  private Patience() {}

  /** Waits until something is so; returns whether it is. */
  static boolean until(Duration longest, BooleanSupplier so) {
    long end = System.nanoTime() + longest.toNanos();
    boolean is = so.getAsBoolean();
    while (!is && System.nanoTime() - end < 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(STEP_NANOS);
      is = so.getAsBoolean();
    }
    return is;
  }
}
