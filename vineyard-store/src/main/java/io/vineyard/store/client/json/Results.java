package io.vineyard.store.client.json;

import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Handover;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * Results of a store for its users. Work that was begun goes to its end; if nobody wants what comes
 * of it any more, it is undone. Thread-safe.
 */
final class Results {
  /** Work that has begun, and what is to be done when its result is not wanted any more. */
  record Begun<T>(CompletableFuture<T> result, Runnable onCancel) {}

  private final Scheduler scheduler = Schedulers.parallel();
  private final Set<Handover<?>> pending = ConcurrentHashMap.newKeySet();
  private volatile @Nullable VineyardException closed;

  /** Returns why the store is closed; null as long as it is not. */
  @Nullable VineyardException closed() {
    return closed;
  }

  /** Makes a result of work that begins with each subscriber. */
  <T> Mono<T> of(Supplier<CompletableFuture<T>> work) {
    return of(work, null);
  }

  /**
   * Makes a result of work that begins with each subscriber.
   *
   * @param undo takes a value that nobody wants any more
   */
  <T> Mono<T> of(Supplier<CompletableFuture<T>> work, @Nullable Consumer<T> undo) {
    return cancellable(() -> new Begun<>(work.get(), () -> {}), undo);
  }

  /** Makes a result of work that hears when it is not wanted any more. */
  <T> Mono<T> cancellable(Supplier<Begun<T>> work, @Nullable Consumer<T> undo) {
    return Handover.mono(scheduler, handover -> begin(work, handover), undo);
  }

  private <T> void begin(Supplier<Begun<T>> work, Handover<T> handover) {
    VineyardException before = closed;
    if (before != null) {
      handover.fail(before);
      return;
    }
    pending.add(handover);
    Begun<T> begun;
    try {
      begun = work.get();
    } catch (VineyardException e) {
      pending.remove(handover);
      throw e;
    }
    handover.onCancel(
        () -> {
          pending.remove(handover);
          begun.onCancel.run();
        });
    begun.result.whenComplete(
        (value, error) -> {
          pending.remove(handover);
          if (error == null) {
            handover.complete(value);
          } else {
            handover.fail(cause(error));
          }
        });
    VineyardException reason = closed;
    if (reason != null && pending.remove(handover)) {
      handover.fail(reason);
    }
  }

  /** Returns what work has failed with. */
  static Throwable cause(Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }

  /** Fails all that was not signalled, and whatever is subscribed from now on. */
  void close(VineyardException reason) {
    closed = reason;
    for (Handover<?> handover : List.copyOf(pending)) {
      if (pending.remove(handover)) {
        handover.fail(reason);
      }
    }
  }
}
