package io.vineyard.store;

import java.util.function.Consumer;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** Results that are cancelled, from at once to when they are there. */
final class Cancels {
  private static final long STEP_NANOS = 3000;

  private Cancels() {}

  /** Subscribes, and cancels a moment later, each round a little more; a value is closed. */
  static <T> void after(int round, Mono<T> result, Consumer<? super T> close) {
    Disposable taking = take(result, close);
    spin(round);
    taking.dispose();
  }

  /** Subscribes; a value is closed, even one that comes while it is cancelled. */
  static <T> Disposable take(Mono<T> result, Consumer<? super T> close) {
    BaseSubscriber<T> taking =
        new BaseSubscriber<>() {
          @Override
          protected void hookOnNext(T value) {
            close.accept(value);
          }

          @Override
          protected void hookOnError(Throwable error) {
            // What is cancelled may fail as well.
          }
        };
    result.subscribe(taking);
    return taking;
  }

  /** Lets some time pass, three microseconds for each round. */
  static void spin(int round) {
    long end = System.nanoTime() + round * STEP_NANOS;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}
