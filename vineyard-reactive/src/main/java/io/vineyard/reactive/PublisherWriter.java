package io.vineyard.reactive;

import io.vineyard.store.arrow.ChunkCodec;
import java.util.Objects;
import java.util.Queue;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.Scannable;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Operators;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.util.concurrent.Queues;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Writes what a publisher emits, and requests from it what the window has room for.
 *
 * <p>What was requested and then does not fit waits here, so that never is more than what was
 * requested.
 */
final class PublisherWriter<T extends AutoCloseable>
    implements CoreSubscriber<T>, Disposable, Scannable {
  private final ChunkSink<T> writer;
  private final ChunkCodec<T> codec;
  private final MonoSink<Void> result;
  private final Context context;
  private final SerialDrain drain = new SerialDrain(this::drain);
  private final Runnable onRoom = drain::run;
  private final Queue<T> arrived = Queues.<T>unboundedMultiproducer().get();
  private volatile @Nullable Subscription upstream;
  private volatile boolean done;
  private volatile @Nullable Throwable error;
  private volatile boolean disposed;

  // Touched by the drain only.
  private long awaited;
  private boolean over;
  private ContextView entered = Context.empty();

  PublisherWriter(ChunkSink<T> writer, ChunkCodec<T> codec, MonoSink<Void> result) {
    this.writer = writer;
    this.codec = codec;
    this.result = result;
    this.context = Context.of(result.contextView()).put(BufferAllocator.class, writer.allocator());
  }

  @Override
  public Context currentContext() {
    return context;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    if (Operators.validate(upstream, subscription)) {
      upstream = subscription;
      entered = writer.enter(currentContext());
      writer.addRoomListener(onRoom);
      drain.run();
    }
  }

  @Override
  public void onNext(T element) {
    arrived.add(Objects.requireNonNull(element, "element"));
    drain.run();
  }

  @Override
  public void onError(Throwable cause) {
    error = Objects.requireNonNull(cause, "cause");
    done = true;
    drain.run();
  }

  @Override
  public void onComplete() {
    done = true;
    drain.run();
  }

  /** Cancels the publisher, unless everything is over; the stream stays open. */
  @Override
  public void dispose() {
    disposed = true;
    drain.run();
  }

  @Override
  public boolean isDisposed() {
    return disposed;
  }

  private void drain() {
    if (over || disposed) {
      leave(); // also a publisher that came after the end
      return;
    }
    boolean isDone = done;
    while (!arrived.isEmpty()) {
      if (offer(arrived.element()) != EmitResult.OK) {
        return; // until there is room; or for good, as the offer has ended it all
      }
      arrived.remove();
      awaited--;
    }
    EmitResult state = writer.state();
    if (isDone) {
      finish();
    } else if (state == EmitResult.OK) {
      requestMore();
    } else {
      fail(writer.reason(state)); // however long it takes the publisher to emit once more
    }
  }

  /** Offers an element; if it can never be accepted, everything is over afterwards. */
  private EmitResult offer(T element) {
    try {
      EmitResult emitted = writer.tryEmitNext(element, entered);
      if (emitted != EmitResult.OK && emitted != EmitResult.FAIL_OVERFLOW) {
        fail(writer.reason(emitted));
      }
      return emitted;
    } catch (RuntimeException refused) {
      writer.tryEmitError(refused);
      fail(refused);
      return EmitResult.FAIL_TERMINATED;
    }
  }

  private void requestMore() {
    Subscription subscription = upstream;
    long more = writer.room() - awaited;
    if (more <= 0 && awaited == 0) {
      writer.beginWait();
    }
    // in larger steps, so that a publisher is not asked for one element at a time
    if (subscription != null && more > 0 && (awaited == 0 || more >= awaited)) {
      awaited += more;
      subscription.request(more);
    }
  }

  private void finish() {
    Throwable cause = error;
    EmitResult emitted = cause == null ? writer.tryEmitComplete() : writer.tryEmitError(cause);
    leave();
    if (cause != null) {
      result.error(cause);
    } else if (emitted == EmitResult.OK) {
      result.success();
    } else {
      result.error(writer.reason(emitted));
    }
  }

  private void fail(Throwable cause) {
    leave();
    result.error(cause);
  }

  private void leave() {
    over = true;
    writer.removeRoomListener(onRoom);
    Subscription subscription = upstream;
    if (subscription != null && !done) {
      subscription.cancel();
    }
    closeArrived();
  }

  private void closeArrived() {
    for (T element = arrived.poll(); element != null; element = arrived.poll()) {
      Operators.onDiscard(element, currentContext());
      codec.close(element);
    }
  }

  @Override
  @SuppressWarnings("rawtypes") // so it is declared
  public @Nullable Object scanUnsafe(Attr key) {
    if (key == Attr.PARENT) {
      return upstream;
    } else if (key == Attr.BUFFERED) {
      return arrived.size();
    } else if (key == Attr.TERMINATED) {
      return done;
    } else if (key == Attr.ERROR) {
      return error;
    } else if (key == Attr.CANCELLED) {
      return disposed;
    }
    return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
  }
}
