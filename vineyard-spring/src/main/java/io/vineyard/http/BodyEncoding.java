package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vineyard.store.arrow.RecordBatch;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Scannable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;

/**
 * Emits the buffers that a writer makes of batches, and requests batches as far as what was emitted
 * has been released.
 */
final class BodyEncoding extends Flux<ByteBuf> {
  private final Publisher<? extends RecordBatch> source;
  private final BatchBodyEncoder settings;
  private final ByteBufAllocator allocator;

  private BodyEncoding(
      Publisher<? extends RecordBatch> source,
      BatchBodyEncoder settings,
      ByteBufAllocator allocator) {
    this.source = source;
    this.settings = settings;
    this.allocator = allocator;
  }

  static Flux<ByteBuf> of(
      Publisher<? extends RecordBatch> source,
      BatchBodyEncoder settings,
      ByteBufAllocator allocator) {
    return onAssembly(new BodyEncoding(source, settings, allocator));
  }

  @Override
  public void subscribe(CoreSubscriber<? super ByteBuf> actual) {
    source.subscribe(new Encoding(actual, settings, allocator));
  }

  /** One subscription. */
  private static final class Encoding
      implements CoreSubscriber<RecordBatch>, Subscription, Scannable {
    /** However small batches are, no more of them are asked for ahead. */
    private static final int MOST_AHEAD = 64;

    /**
     * What is emitted at once. Encryption and compression take what they are given out of its
     * buffers at once, and then how many of them are under way is the only bound.
     */
    private static final int MOST_EMITTED_BYTES = 128 << 10;

    private final CoreSubscriber<? super ByteBuf> actual;
    private final ByteBufAllocator allocator;
    private final long mostInFlightBytes;
    private final BodyWriter writer;
    private final Queue<RecordBatch> arrived = Queues.<RecordBatch>unbounded(MOST_AHEAD).get();
    private final AtomicInteger work = new AtomicInteger();
    private final AtomicLong requested = new AtomicLong();
    private final AtomicLong inFlightBytes = new AtomicLong();
    private volatile @Nullable Subscription upstream;
    private volatile boolean done;
    private volatile @Nullable Throwable error;
    private volatile boolean cancelled;
    private volatile boolean asked; // for another batch, by a request or as one was taken

    // Touched by the drain only.
    private long awaited;
    private long batches;
    private long bytes;
    private boolean writing;
    private @Nullable OwningBuffer rest;
    private boolean endWritten;
    private boolean over;

    Encoding(
        CoreSubscriber<? super ByteBuf> actual,
        BatchBodyEncoder settings,
        ByteBufAllocator allocator) {
      this.actual = actual;
      this.allocator = allocator;
      this.mostInFlightBytes = settings.mostInFlightBytes();
      this.writer = settings.writer();
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
      arrived.offer(Objects.requireNonNull(batch, "batch"));
      drain();
    }

    @Override
    public void onError(Throwable cause) {
      if (done) {
        Operators.onErrorDropped(cause, currentContext());
        return;
      }
      error = Objects.requireNonNull(cause, "cause");
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
        asked = true;
        drain();
      }
    }

    @Override
    public void cancel() {
      cancelled = true;
      drain();
    }

    private void released(long count) {
      inFlightBytes.addAndGet(-count);
      drain();
    }

    private void drain() {
      if (work.getAndIncrement() != 0) {
        return;
      }
      int missed = 1;
      while (missed != 0) {
        step();
        missed = work.addAndGet(-missed);
      }
    }

    private void step() {
      if (over) {
        closeArrived();
      } else if (cancelled) {
        leave(true);
      } else {
        emitAll();
        if (!over && !cancelled) {
          requestMore();
        }
      }
    }

    private void emitAll() {
      while (!over && !cancelled) {
        boolean isDone = done; // before the queue is looked at
        boolean isWritten = rest == null && !writing && arrived.isEmpty();
        if (isWritten && isDone && (error != null || endWritten)) {
          finish();
          return;
        }
        if ((isWritten && !isDone)
            || requested.get() == 0
            || (rest == null && inFlightBytes.get() >= mostInFlightBytes)) {
          return;
        }
        if (rest == null) {
          encodeNext(isWritten);
        }
        if (rest != null) {
          emit(rest);
        }
      }
    }

    private void encodeNext(boolean isEnd) {
      OwningBuffer buffer;
      try {
        buffer = isEnd ? writer.end(allocator) : nextOfBatch();
      } catch (RuntimeException | Error failed) {
        // also those that are fatal for this thread: whoever waits must be told, and all given back
        leave(true);
        actual.onError(failed);
        return;
      }
      endWritten = isEnd;
      if (buffer != null) {
        begin(buffer);
      }
    }

    private @Nullable OwningBuffer nextOfBatch() {
      if (!writing) {
        RecordBatch batch = Objects.requireNonNull(arrived.poll());
        awaited--;
        batches++;
        asked = true;
        writing = true;
        writer.begin(batch);
      }
      OwningBuffer buffer = writer.next(allocator);
      writing = buffer != null;
      return buffer;
    }

    private void begin(OwningBuffer buffer) {
      int count = buffer.readableBytes();
      if (count == 0) {
        buffer.release();
        return;
      }
      bytes += count;
      inFlightBytes.addAndGet(count);
      buffer.onReleased(() -> released(count));
      rest = buffer;
    }

    private void emit(OwningBuffer buffer) {
      ByteBuf next = buffer;
      if (buffer.readableBytes() > MOST_EMITTED_BYTES) {
        next = buffer.readRetainedSlice(MOST_EMITTED_BYTES);
      } else {
        rest = null;
      }
      if (requested.get() != Long.MAX_VALUE) {
        requested.decrementAndGet();
      }
      actual.onNext(next);
    }

    /**
     * What was released alone makes a request only when it is half of what may be under way: each
     * of them wakes threads.
     */
    private void requestMore() {
      Subscription subscription = upstream;
      long size = batches == 0 ? mostInFlightBytes : Math.max(1, bytes / batches);
      long room = mostInFlightBytes - inFlightBytes.get();
      long more = ahead(room / size) - awaited;
      boolean isWaitedFor = asked && awaited == 0 && room > 0;
      boolean isMuch = more >= Math.max(1, ahead(mostInFlightBytes / size) / 2);
      asked = false;
      if (subscription != null && !done && requested.get() > 0 && (isWaitedFor || isMuch)) {
        awaited += more;
        subscription.request(more);
      }
    }

    private static long ahead(long batches) {
      return Math.max(1, Math.min(MOST_AHEAD, batches));
    }

    private void finish() {
      Throwable cause = error;
      leave(false);
      if (cause == null) {
        actual.onComplete();
      } else {
        actual.onError(cause);
      }
    }

    private void leave(boolean isEarly) {
      over = true;
      Subscription subscription = upstream;
      if (isEarly && subscription != null) {
        subscription.cancel();
      }
      writer.close();
      OwningBuffer left = rest;
      rest = null;
      if (left != null) {
        left.release();
      }
      closeArrived();
    }

    private void closeArrived() {
      for (RecordBatch batch = arrived.poll(); batch != null; batch = arrived.poll()) {
        Operators.onDiscard(batch, currentContext());
        batch.close();
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
      } else if (key == Attr.CANCELLED) {
        return cancelled;
      } else if (key == Attr.ERROR) {
        return error;
      } else if (key == Attr.BUFFERED) {
        return arrived.size();
      }
      return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
    }
  }
}
