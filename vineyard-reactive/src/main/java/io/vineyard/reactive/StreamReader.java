package io.vineyard.reactive;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.ChunkCodec;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Exceptions;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;

/** A reader of a stream; each subscription opens a reading end of its own. */
final class StreamReader<T extends AutoCloseable> extends Flux<T> implements Scannable {
  private final ObjectStore store;
  private final ObjectId id;
  private final ChunkCodec<T> codec;
  private final WaitStrategy waiting;

  private StreamReader(ObjectStore store, ObjectId id, ChunkCodec<T> codec, WaitStrategy waiting) {
    this.store = store;
    this.id = id;
    this.codec = codec;
    this.waiting = waiting;
  }

  static <T extends AutoCloseable> Flux<T> of(
      ObjectStore store, ObjectId id, ChunkCodec<T> codec, WaitStrategy waiting) {
    return onAssembly(new StreamReader<>(store, id, codec, waiting));
  }

  @Override
  public void subscribe(CoreSubscriber<? super T> actual) {
    Reading<T> reading = new Reading<>(actual, codec, waiting.spinNanos());
    actual.onSubscribe(reading);
    reading.open(store, id);
  }

  @Override
  @SuppressWarnings("rawtypes") // so it is declared
  public @Nullable Object scanUnsafe(Attr key) {
    return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
  }

  @Override
  public String stepName() {
    return "streamReader(" + id + ")";
  }

  /** How many elements are delivered before others that use the same thread have their turn. */
  private static final int MOST_AT_ONCE = 1024;

  private static final int MOST_AT_ONCE_SPINNING = 64;

  /** One subscription. */
  private static final class Reading<T extends AutoCloseable> implements Subscription, Scannable {
    private final CoreSubscriber<? super T> actual;
    private final ChunkCodec<T> codec;
    private final ChunkCodec.Decoder<T> decoder;
    private final long spinNanos;
    private final SerialDrain drain = new SerialDrain(this::drain);
    private final AtomicLong requested = new AtomicLong();
    private volatile @Nullable Disposable opening;
    private volatile @Nullable ChunkReader reader;
    private volatile @Nullable Throwable fault;
    private volatile boolean cancelled;
    private volatile boolean delivering;
    private volatile boolean terminated;

    /** Touched by the drain only. */
    private @Nullable ByteBuffer preamble;

    Reading(CoreSubscriber<? super T> actual, ChunkCodec<T> codec, long spinNanos) {
      this.actual = actual;
      this.codec = codec;
      this.spinNanos = spinNanos;
      this.decoder = codec.decoder();
    }

    void open(ObjectStore store, ObjectId id) {
      if (!cancelled) {
        opening = store.openReader(id, drain::signal).subscribe(this::opened, this::failed);
        if (cancelled) {
          drain.run();
        }
      }
    }

    private void opened(ChunkReader opened) {
      reader = opened;
      if (cancelled || terminated) {
        // whoever left may have looked for the reader before it was here
        opened.close();
        return;
      }
      forwardDemand(opened);
      drain.signal();
    }

    private void failed(Throwable error) {
      fault = error;
      drain.signal();
    }

    @Override
    public void request(long n) {
      if (n < 1) {
        failed(
            new IllegalArgumentException(
                "expected a request for at least 1 element, got " + n + " (rule 3.9)"));
        return;
      }
      requested.accumulateAndGet(n, Operators::addCap);
      ChunkReader opened = reader;
      if (opened != null) {
        forwardDemand(opened);
      }
    }

    private void forwardDemand(ChunkReader opened) {
      long demand = requested.getAndSet(0);
      if (demand > 0) {
        opened.request(demand);
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      ChunkReader open = reader;
      if (delivering && open != null) {
        // at once, so that whoever subscribes next on hearing of the end finds the stream free
        open.close();
      }
      drain.run();
    }

    private void drain() {
      if (drain.isRejected()) {
        fault = new RejectedExecutionException("expected a running scheduler, it was shut down");
      }
      ChunkReader open = reader;
      if (cancelled) {
        leave();
      } else if (fault != null) {
        terminate(fault);
      } else if (open != null) {
        deliver(open);
      }
    }

    private void deliver(ChunkReader open) {
      int left = spinNanos > 0 ? MOST_AT_ONCE_SPINNING : MOST_AT_ONCE;
      boolean more = true;
      while (more && !cancelled && fault == null) {
        if (left-- == 0) {
          drain.again();
          return;
        }
        if (spinNanos > 0) {
          open.spin(spinNanos);
        }
        Chunk chunk = open.poll();
        more = chunk != null && deliver(open, chunk);
      }
      if (cancelled) {
        leave();
      } else if (!terminated && open.isEnded()) {
        terminate(open.failure());
      }
    }

    private boolean deliver(ChunkReader open, Chunk chunk) {
      if (cancelled) {
        open.putBack(chunk);
        return false;
      }
      T element;
      try {
        element = decoder.decode(chunk, preambleOf(open));
      } catch (Throwable broken) {
        terminate(Operators.onOperatorError(null, broken, actual.currentContext()));
        return false;
      }
      try {
        delivering = true;
        actual.onNext(element);
        delivering = false;
        return true;
      } catch (Throwable broken) {
        Exceptions.throwIfFatal(broken);
        discard(element);
        terminate(Operators.onOperatorError(null, broken, element, actual.currentContext()));
        return false;
      }
    }

    private @Nullable ByteBuffer preambleOf(ChunkReader open) {
      ByteBuffer known = preamble;
      if (known == null) {
        known = open.preamble();
        preamble = known;
      }
      return known;
    }

    private void discard(T element) {
      Operators.onDiscard(element, actual.currentContext());
      codec.close(element);
    }

    private void terminate(@Nullable Throwable error) {
      terminated = true;
      leave();
      if (error == null) {
        actual.onComplete();
      } else {
        actual.onError(error);
      }
    }

    private void leave() {
      drain.stop();
      Disposable pending = opening;
      if (pending != null) {
        pending.dispose();
      }
      ChunkReader open = reader;
      if (open != null) {
        open.close();
      }
    }

    @Override
    @SuppressWarnings("rawtypes") // so it is declared
    public @Nullable Object scanUnsafe(Attr key) {
      if (key == Attr.ACTUAL) {
        return actual;
      } else if (key == Attr.CANCELLED) {
        return cancelled;
      } else if (key == Attr.TERMINATED) {
        return terminated;
      } else if (key == Attr.ERROR) {
        return fault;
      } else if (key == Attr.REQUESTED_FROM_DOWNSTREAM) {
        return requested.get();
      }
      return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }
  }
}
