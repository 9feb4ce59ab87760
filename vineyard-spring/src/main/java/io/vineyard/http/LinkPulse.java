package io.vineyard.http;

import io.netty.channel.EventLoop;
import java.time.Duration;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** When the other side of a link was last heard of. Thread-safe; one at a time looks. */
final class LinkPulse {
  /** In how many steps a silence is looked for. */
  private static final int STEPS = 5;

  /** How much longer the first sign may take, for which programs are loaded and compiled. */
  private static final int START = 5;

  private final Duration step;
  private volatile boolean answered;
  private volatile long seenNanos = System.nanoTime();
  private volatile long lookedNanos = seenNanos;

  LinkPulse(Duration timeout) {
    this.step = timeout.dividedBy(STEPS);
  }

  /** Returns how often to look. */
  Duration step() {
    return step;
  }

  /** Returns a timer that nothing holds up but what holds up the link as well. */
  static Scheduler timer(EventLoop loop) {
    return Schedulers.fromExecutorService(loop);
  }

  /** Something came from the other side. */
  void seen() {
    seenNanos = System.nanoTime();
  }

  /** The other side has asked, or answered. */
  void answered() {
    answered = true;
    seen();
  }

  /** Returns whether it is silent for so long that the next look would be too late. */
  boolean isSilent() {
    long now = System.nanoTime();
    if (now - lookedNanos > 2 * step.toNanos()) {
      seenNanos = now; // it is this side that was held up, so that it can't know
    }
    lookedNanos = now;
    long patience = step.toNanos() * (answered ? STEPS - 1 : STEPS * START);
    return now - seenNanos > patience;
  }
}
