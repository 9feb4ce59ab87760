package io.vineyard.reactive;

import io.vineyard.store.arrow.RecordBatch;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxOperator;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * Makes elements of batches, several of one batch or one of several.
 *
 * <p>Asks for a batch only when an element was requested that can't be made without it. Whoever
 * makes the elements is never used by two threads at a time, nor after it was closed.
 */
final class Flattening<T> extends FluxOperator<RecordBatch, T> {
  /** Makes the elements of one subscription. */
  interface Maker<T> extends AutoCloseable {
    /** Takes a batch over; only called when nothing more can be made of those before. */
    void take(RecordBatch batch);

    /** Makes the next element; null if that needs another batch. */
    @Nullable T next();

    /**
     * Makes what is left when no batch will come; null if nothing is.
     *
     * @param failed whether the source has failed, which is told afterwards
     */
    @Nullable T rest(boolean failed);

    /** Lets go of everything. */
    @Override
    void close();
  }

  private final Supplier<Maker<T>> makers;

  private Flattening(Flux<RecordBatch> source, Supplier<Maker<T>> makers) {
    super(source);
    this.makers = makers;
  }

  static <T> Flux<T> of(Flux<RecordBatch> source, Supplier<Maker<T>> makers) {
    return onAssembly(new Flattening<>(source, makers));
  }

  @Override
  public void subscribe(CoreSubscriber<? super T> actual) {
    source.subscribe(new Inner<>(actual, makers.get()));
  }

  /** One subscription. */
  private static final class Inner<T>
      implements CoreSubscriber<RecordBatch>, Subscription, Scannable {
    private final CoreSubscriber<? super T> actual;
    private final Maker<T> maker;
    private final AtomicInteger signals = new AtomicInteger();
    private final AtomicLong requested = new AtomicLong();
    private volatile @Nullable Subscription upstream;
    private volatile @Nullable RecordBatch arrived;
    private volatile @Nullable Throwable error;
    private volatile boolean done;
    private volatile boolean cancelled;

    // Touched by the drain only.
    private @Nullable T ready;
    private boolean awaiting;
    private boolean restTaken;
    private boolean over;

    Inner(CoreSubscriber<? super T> actual, Maker<T> maker) {
      this.actual = actual;
      this.maker = maker;
    }

    @Override
    public Context currentContext() {
      return actual.currentContext();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      if (Operators.validate(upstream, subscription)) {
        upstream = subscription;
        actual.onSubscribe(this);
      }
    }

    @Override
    public void onNext(RecordBatch batch) {
      if (done || cancelled) {
        discard(batch);
        return;
      }
      arrived = batch;
      drain();
    }

    private void discard(RecordBatch batch) {
      Operators.onDiscard(batch, currentContext());
      batch.close();
    }

    @Override
    public void onError(Throwable cause) {
      if (done) {
        Operators.onErrorDropped(cause, currentContext());
        return;
      }
      error = cause;
      done = true;
      drain();
    }

    @Override
    public void onComplete() {
      done = true;
      drain();
    }

    @Override
    public void request(long n) {
      if (Operators.validate(n)) {
        requested.accumulateAndGet(n, Operators::addCap);
        drain();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      Subscription subscription = upstream;
      if (subscription != null) {
        subscription.cancel();
      }
      drain();
    }

    private void drain() {
      if (signals.getAndIncrement() != 0) {
        return;
      }
      int missed = 1;
      do {
        try {
          advance();
        } catch (Throwable broken) {
          terminate(Operators.onOperatorError(upstream, broken, currentContext()));
        }
        if (cancelled || over) {
          leave();
        }
        missed = signals.addAndGet(-missed);
      } while (missed != 0);
    }

    private void advance() {
      while (!cancelled && !over && make()) {
        if (requested.get() == 0) {
          return;
        }
        T element = Objects.requireNonNull(ready, "ready");
        ready = null;
        requested.updateAndGet(n -> n == Long.MAX_VALUE ? n : n - 1);
        actual.onNext(element);
      }
    }

    /** Has the next element ready; else asks for what it takes to make it, or ends. */
    private boolean make() {
      boolean isDone = done; // before looking at what has arrived, which was before
      if (ready == null) {
        ready = maker.next();
      }
      while (ready == null && arrived != null) {
        maker.take(takeArrived());
        ready = maker.next();
      }
      if (ready == null && isDone) {
        end();
      } else if (ready == null && !awaiting && requested.get() > 0) {
        awaiting = true;
        Objects.requireNonNull(upstream, "upstream").request(1);
        return false; // what has come meanwhile has signalled
      }
      return ready != null;
    }

    private RecordBatch takeArrived() {
      RecordBatch batch = Objects.requireNonNull(arrived, "arrived");
      arrived = null;
      awaiting = false;
      return batch;
    }

    private void end() {
      Throwable cause = error;
      if (!restTaken) {
        restTaken = true;
        ready = maker.rest(cause != null);
      }
      if (ready == null) {
        terminate(cause);
      }
    }

    private void terminate(@Nullable Throwable cause) {
      if (over) {
        return;
      }
      over = true;
      leave();
      if (cause == null) {
        actual.onComplete();
      } else {
        actual.onError(cause);
      }
    }

    private void leave() {
      over = true;
      maker.close();
      if (ready instanceof RecordBatch unused) {
        discard(unused);
      }
      ready = null;
      if (arrived != null) {
        discard(takeArrived());
      }
    }

    @Override
    @SuppressWarnings("rawtypes") // so it is declared
    public @Nullable Object scanUnsafe(Attr key) {
      if (key == Attr.PARENT) {
        return upstream;
      } else if (key == Attr.ACTUAL) {
        return actual;
      } else if (key == Attr.TERMINATED) {
        return done;
      } else if (key == Attr.ERROR) {
        return error;
      } else if (key == Attr.CANCELLED) {
        return cancelled;
      } else if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
        return requested.get();
      }
      return key == Attr.RUN_STYLE ? Attr.RunStyle.SYNC : null;
    }
  }
}
