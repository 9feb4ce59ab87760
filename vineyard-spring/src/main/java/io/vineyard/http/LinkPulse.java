package io.vineyard.http;

import java.time.Duration;

/** When the other side of a link was last heard of. Thread-safe. */
final class LinkPulse {
  /** In how many steps a silence is looked for. */
  private static final int STEPS = 5;

  private final Duration step;
  private volatile long seenNanos = System.nanoTime();

  LinkPulse(Duration timeout) {
    this.step = timeout.dividedBy(STEPS);
  }

  /** Returns how often to look. */
  Duration step() {
    return step;
  }

  void seen() {
    seenNanos = System.nanoTime();
  }

  /** Returns whether it is silent for so long that the next look would be too late. */
  boolean isSilent() {
    return System.nanoTime() - seenNanos > step.toNanos() * (STEPS - 1);
  }
}
