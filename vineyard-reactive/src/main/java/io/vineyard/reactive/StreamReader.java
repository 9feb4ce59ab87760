package io.vineyard.reactive;

import io.vineyard.reactive.StreamListener.Counts;
import io.vineyard.reactive.StreamListener.End;
import io.vineyard.reactive.StreamListener.ReaderTrace;
import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
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
import reactor.core.publisher.BaseSubscriber;
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
    Reading<T> reading = new Reading<>(actual, codec, waiting.spinNanos(), OpenEnds.of(store));
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

  /** After how many elements it is looked whether others are to have their turn. */
  private static final int LOOK_EVERY = 16;

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
    private final OpenEnds ends;
    private final EndTally tally = new EndTally();
    private volatile @Nullable End end;

    // Touched by the drain only, but for the first time.
    private @Nullable ReaderTrace trace;
    private @Nullable ByteBuffer preamble;

    Reading(CoreSubscriber<? super T> actual, ChunkCodec<T> codec, long spinNanos, OpenEnds ends) {
      this.actual = actual;
      this.ends = ends;
      this.codec = codec;
      this.spinNanos = spinNanos;
      this.decoder = codec.decoder();
    }

    void open(ObjectStore store, ObjectId id) {
      if (!cancelled) {
        Opening<T> mine = new Opening<>(this);
        opening = mine;
        store.openReader(id, drain::signal).subscribe(mine);
        if (cancelled) {
          drain.run();
        }
      }
    }

    private void opened(ChunkReader opened) {
      trace = ends.reading(opened.stream());
      reader = opened;
      if (cancelled || terminated) {
        // whoever left may have looked for the reader before it was here
        opened.close();
        return;
      }
      register(opened);
      forwardDemand(opened);
      drain.signal();
    }

    private void register(ChunkReader opened) {
      End mine = new ReadingEnd<>(this, opened);
      end = mine;
      ends.opened(mine);
      if (cancelled || terminated) {
        ends.closed(mine); // whoever left may have looked for it before it was here
      }
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
      int delivered = 0;
      boolean more = true;
      while (more && !cancelled && fault == null) {
        if (++delivered % LOOK_EVERY == 0 && drain.isTurnOver()) {
          drain.again();
          return;
        }
        if (spinNanos > 0) {
          open.spin(spinNanos);
        }
        Chunk chunk = open.poll();
        if (chunk == null) {
          awaitMore(open);
        }
        more = chunk != null && deliver(open, chunk);
      }
      if (cancelled) {
        leave();
      } else if (!terminated && open.isEnded()) {
        terminate(open.failure());
      }
    }

    private void awaitMore(ChunkReader open) {
      if (open.demand() > 0 && !open.isEnded()) {
        tally.beginWait();
      }
    }

    private boolean deliver(ChunkReader open, Chunk chunk) {
      tally.endWait();
      long bytes = chunk.dataBytes();
      if (cancelled) {
        open.putBack(chunk);
        return false;
      }
      T element;
      try {
        if (trace != null) {
          arrived(trace, chunk);
        }
        element = decoder.decode(chunk, preambleOf(open));
      } catch (Throwable broken) {
        terminate(Operators.onOperatorError(null, broken, actual.currentContext()));
        return false;
      }
      try {
        delivering = true;
        tally.add(codec.rows(element), bytes, 0);
        if (trace == null) {
          actual.onNext(element);
        } else {
          trace.deliver(() -> actual.onNext(element));
        }
        delivering = false;
        return true;
      } catch (Throwable broken) {
        Exceptions.throwIfFatal(broken);
        discard(element);
        terminate(Operators.onOperatorError(null, broken, element, actual.currentContext()));
        return false;
      }
    }

    private void arrived(ReaderTrace tracing, Chunk chunk) {
      try {
        tracing.arrived(codec.carrier(chunk));
      } catch (RuntimeException broken) {
        chunk.close();
        throw broken;
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
      if (error != null) {
        ends.failed(error);
      }
      if (trace != null) {
        trace.ended(error);
      }
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
      End mine = end;
      if (mine != null) {
        tally.endWait();
        ends.closed(mine);
      }
      if (trace != null) {
        trace.ended(null);
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

  /** Takes the reading end also when it comes just as it was given up, so that it is closed. */
  private static final class Opening<T extends AutoCloseable> extends BaseSubscriber<ChunkReader> {
    private final Reading<T> reading;

    Opening(Reading<T> reading) {
      this.reading = reading;
    }

    @Override
    protected void hookOnNext(ChunkReader opened) {
      reading.opened(opened);
    }

    @Override
    protected void hookOnError(Throwable error) {
      reading.failed(error);
    }
  }

  /** A subscription, as who listens to streams sees it. */
  private record ReadingEnd<T extends AutoCloseable>(Reading<T> reading, ChunkReader reader)
      implements End {
    @Override
    public StreamInfo stream() {
      return reader.stream();
    }

    @Override
    public boolean isWriter() {
      return false;
    }

    @Override
    public Counts counts() {
      long demand = Operators.addCap(reading.requested.get(), reader.demand());
      return reading.tally.counts(0, 0, demand);
    }
  }
}
