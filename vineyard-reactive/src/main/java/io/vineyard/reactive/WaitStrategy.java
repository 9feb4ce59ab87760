package io.vineyard.reactive;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.time.Duration;
import java.util.Objects;

/**
 * How a reader waits for the next element when it has seen all that there is. Immutable.
 *
 * <p>A thread that is parked costs nothing, and takes some tens of microseconds to wake up. One
 * that spins sees the next element within a microsecond, and takes a whole core meanwhile.
 */
public final class WaitStrategy {
  private static final Duration LONGEST = Duration.ofMillis(1);
  private static final WaitStrategy PARK = new WaitStrategy(Duration.ZERO);

  private final Duration spin;

  private WaitStrategy(Duration spin) {
    this.spin = spin;
  }

  /** Waits parked, which is the default. */
  public static WaitStrategy park() {
    return PARK;
  }

  /**
   * Spins for a while, each time that there is nothing to read, and only then parks.
   *
   * <p>The thread that spins is one of Reactor's parallel scheduler; whatever else that thread has
   * to do waits. So this is for a few streams in which elements follow each other closely, on a
   * machine with cores to spare. With one core only, it parks at once.
   *
   * @param most how long it spins
   * @throws VineyardException with {@link ErrorCode#INVALID} unless this is more than nothing, and
   *     at most a millisecond
   */
  public static WaitStrategy spinThenPark(Duration most) {
    Objects.requireNonNull(most, "most");
    if (most.isNegative() || most.isZero() || most.compareTo(LONGEST) > 0) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected to spin for more than nothing and at most " + LONGEST + ", got " + most);
    }
    return new WaitStrategy(most);
  }

  long spinNanos() {
    return Runtime.getRuntime().availableProcessors() > 1 ? spin.toNanos() : 0;
  }

  @Override
  public String toString() {
    return spin.isZero() ? "park" : "spin for " + spin + ", then park";
  }
}
