package io.vineyard.store;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Bounded waits that say what they wait for. */
public final class Waits {
  /** The longest that any of them waits. */
  public static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final long STEP_NANOS = 200_000;

  private Waits() {}

  /** Waits until something is so. */
  public static void until(String what, BooleanSupplier so) {
    until(() -> what, so);
  }

  /** Waits until something is so; what it is, is only asked for if it does not come. */
  public static void until(Supplier<String> what, BooleanSupplier so) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!so.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("expected " + what.get() + " within " + PATIENCE);
      }
      LockSupport.parkNanos(STEP_NANOS);
    }
  }

  /** Waits for a signal, and forgets all that came with it. */
  public static void signal(String what, Semaphore signals) {
    try {
      if (!signals.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new AssertionError("expected " + what + " within " + PATIENCE);
      }
      signals.drainPermits();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("expected " + what + ", interrupted", e);
    }
  }

  /** Subscribes, and waits for the value. */
  public static <T> T value(Mono<T> mono) {
    return Objects.requireNonNull(mono.block(PATIENCE), "a value");
  }

  /** Subscribes, and waits for the end, which must be a good one. */
  public static void done(Mono<Void> mono) {
    mono.block(PATIENCE);
  }

  /** Subscribes, and waits for the error that it must end with. */
  public static VineyardException error(Mono<?> mono) {
    Object value;
    try {
      value = mono.block(PATIENCE);
    } catch (VineyardException e) {
      return e;
    }
    throw new AssertionError("expected an error, got " + value);
  }

  /** Waits until a store holds nothing but its clients. */
  public static void untilIdle(ObjectStore store) {
    @Nullable StoreStatus[] last = new StoreStatus[1];
    until(
        () -> "an idle store, it is " + last[0],
        () -> {
          StoreStatus now = value(store.status());
          last[0] = now;
          return now.leases() == 0
              && now.streams() == 0
              && now.objects() == 0
              && now.names() == 0
              && now.usedBytes() == 0
              && now.segments() == 0;
        });
  }
}
