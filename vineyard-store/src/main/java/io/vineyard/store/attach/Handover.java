package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.core.scheduler.Scheduler;

/**
 * A value on its way to one subscriber, who may cancel at any moment: the value then reaches
 * whoever undoes it, once. Signals come on a thread of the scheduler.
 *
 * @param <T> the value
 */
public final class Handover<T> implements Subscription {
  private enum State {
    WAITING,
    REQUESTED,
    READY,
    OVER
  }

  private final CoreSubscriber<? super T> subscriber;
  private final Scheduler scheduler;
  private final @Nullable Consumer<T> undo;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
  private final AtomicReference<@Nullable Runnable> onCancel = new AtomicReference<>();
  private @Nullable T value;

  private Handover(
      CoreSubscriber<? super T> subscriber, Scheduler scheduler, @Nullable Consumer<T> undo) {
    this.subscriber = subscriber;
    this.scheduler = scheduler;
    this.undo = undo;
  }

  /**
   * Makes a result that begins anew for each subscriber.
   *
   * @param start begins, and completes or fails the handover then or later
   * @param undo takes a value that nobody wants any more; null if there is nothing to undo
   */
  public static <T> Mono<T> mono(
      Scheduler scheduler, Consumer<Handover<T>> start, @Nullable Consumer<T> undo) {
    return new Mono<>() {
      @Override
      public void subscribe(CoreSubscriber<? super T> actual) {
        Handover<T> handover = new Handover<>(actual, scheduler, undo);
        actual.onSubscribe(handover);
        if (!handover.isOver()) {
          handover.start(start);
        }
      }
    };
  }

  /** Waits for a result, and throws what it fails with as if that had happened here. */
  public static <T> T join(CompletableFuture<T> result) {
    try {
      return result.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof VineyardException cause
          ? VineyardException.of(cause.code(), String.valueOf(cause.getMessage()), cause)
          : e;
    }
  }

  private void start(Consumer<Handover<T>> start) {
    try {
      start.accept(this);
    } catch (VineyardException e) {
      fail(e);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      fail(noThread(e));
    }
  }

  private static VineyardException noThread(Throwable cause) {
    return VineyardException.of(
        ErrorCode.LIMIT_REACHED, "expected a thread to go on: " + cause.getMessage(), cause);
  }

  /** Returns whether the subscriber has cancelled, or was served. */
  public boolean isOver() {
    return state.get() == State.OVER;
  }

  /** Sets what is run if the subscriber cancels before it was served; now, if it has. */
  public void onCancel(Runnable task) {
    onCancel.set(task);
    if (isOver()) {
      runOnCancel();
    }
  }

  private void runOnCancel() {
    Runnable task = onCancel.getAndSet(null);
    if (task != null) {
      task.run();
    }
  }

  /** Hands the value over. */
  public void complete(T result) {
    schedule(() -> emit(result));
  }

  /** Hands an error over; it is dropped if nobody wants it any more. */
  public void fail(Throwable error) {
    schedule(
        () -> {
          if (state.getAndSet(State.OVER) != State.OVER) {
            subscriber.onError(error);
          }
        });
  }

  /**
   * A scheduler without a thread to start must not leave the subscriber waiting. It may have queued
   * the task nevertheless.
   */
  private void schedule(Runnable task) {
    AtomicBoolean begun = new AtomicBoolean();
    Runnable once =
        () -> {
          if (begun.compareAndSet(false, true)) {
            task.run();
          }
        };
    try {
      scheduler.schedule(once);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      once.run();
    }
  }

  private void emit(T result) {
    value = result;
    if (!state.compareAndSet(State.WAITING, State.READY)) {
      if (state.compareAndSet(State.REQUESTED, State.OVER)) {
        signal(result);
      } else {
        undo(result);
      }
    }
  }

  private void signal(T result) {
    subscriber.onNext(result);
    subscriber.onComplete();
  }

  private void undo(@Nullable T result) {
    if (undo != null && result != null) {
      undo.accept(result);
    }
  }

  @Override
  public void request(long n) {
    if (!Operators.validate(n) || state.compareAndSet(State.WAITING, State.REQUESTED)) {
      return;
    }
    T ready = value;
    if (ready != null && state.compareAndSet(State.READY, State.OVER)) {
      signal(ready);
    }
  }

  @Override
  public void cancel() {
    State before = state.getAndSet(State.OVER);
    if (before == State.READY) {
      undo(value);
    } else if (before != State.OVER) {
      runOnCancel();
    }
  }
}
