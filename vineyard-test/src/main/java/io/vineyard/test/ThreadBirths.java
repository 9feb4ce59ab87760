package io.vineyard.test;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Where threads were made, of the threads that tests make, and those that these make.
 *
 * <p>A thread that is being made asks for the values that it inherits, on the thread that makes it,
 * and so tells where that is. It does not tell which thread it is; but the ids of threads are
 * counted, and the next one is known.
 */
final class ThreadBirths {
  private static final int MOST_BIRTHS = 10_000;

  private record Birth(long probe, Place place) {}

  private static final Deque<Birth> BIRTHS = new ArrayDeque<>();
  private static final ThreadLocal<Boolean> HEIR =
      new InheritableThreadLocal<>() {
        @Override
        protected Boolean childValue(Boolean parent) {
          note();
          return parent;
        }
      };

  /** What the id of a thread is more than the probe that was made while it was made: 1 or -1. */
  private static final long STEP = measureStep();

  private ThreadBirths() {}

  /** Begins to note the threads that this thread makes. */
  static void watchThisThread() {
    HEIR.set(true);
  }

  static void unwatchThisThread() {
    HEIR.remove();
  }

  private static void note() {
    long probe = new Thread(null, null, "probe", 0, false).getId();
    Place place = Ledger.INSTANCE.lineOfThisThread();
    synchronized (BIRTHS) {
      if (BIRTHS.size() == MOST_BIRTHS) {
        BIRTHS.removeFirst();
      }
      BIRTHS.addLast(new Birth(probe, place));
    }
  }

  private static long measureStep() {
    HEIR.set(true);
    long id = new Thread(() -> {}).getId();
    HEIR.remove();
    synchronized (BIRTHS) {
      return id - BIRTHS.removeLast().probe;
    }
  }

  /** Returns where a thread was made; unknown if it was made in another way. */
  static Place of(Thread thread) {
    synchronized (BIRTHS) {
      return BIRTHS.stream()
          .filter(birth -> birth.probe + STEP == thread.getId())
          .findFirst()
          .map(Birth::place)
          .orElse(Place.UNKNOWN);
    }
  }
}
