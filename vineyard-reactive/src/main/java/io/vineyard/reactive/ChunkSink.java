package io.vineyard.reactive;

import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.core.publisher.Operators;
import reactor.core.publisher.SignalType;
import reactor.core.publisher.Sinks.EmitFailureHandler;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** A writer over the chunks of a stream. */
final class ChunkSink<T extends AutoCloseable> implements StreamWriter<T> {
  private static final int MOST_WAITING = 1 << 16;

  private record Waiting<T>(T element, ContextView entered, MonoSink<Void> sink) {}

  private record Attempt(EmitResult result, @Nullable RuntimeException fault) {
    static final Attempt FULL = new Attempt(EmitResult.FAIL_OVERFLOW, null);

    boolean waits() {
      return result == EmitResult.FAIL_OVERFLOW && fault == null;
    }
  }

  private final ChunkWriter writer;
  private final ChunkCodec<T> codec;
  private final ChunkCodec.Encoder<T> encoder;
  private final Function<ObjectId, Mono<T>> objects;
  private final Flux<T> reader;
  private final AtomicInteger readers = new AtomicInteger();
  private final BufferAllocator allocator;
  private final SerialDrain room = new SerialDrain(this::onRoom);
  private final Set<Runnable> roomListeners = ConcurrentHashMap.newKeySet();
  private final WriterReport report;

  // Guarded by this.
  private final ArrayDeque<Waiting<T>> waiting = new ArrayDeque<>();
  private boolean ended;

  /**
   * Makes the writer.
   *
   * @param objects gets an element out of the store
   * @param reader reads the same stream
   * @param ends are told of this writer
   */
  ChunkSink(
      ChunkWriter writer,
      ChunkCodec<T> codec,
      Function<ObjectId, Mono<T>> objects,
      Flux<T> reader,
      OpenEnds ends) {
    this.writer = writer;
    this.codec = codec;
    this.encoder = codec.encoder(writer);
    this.objects = objects;
    this.reader =
        reader
            .doOnSubscribe(subscription -> readers.incrementAndGet())
            .doFinally(end -> readers.decrementAndGet());
    this.allocator = ChunkCodec.allocator(writer.memory());
    this.report = new WriterReport(writer, ends);
    writer.onRoom(room::signal);
    report.begin(encoder);
  }

  private synchronized boolean isEnded() {
    return ended;
  }

  @Override
  public StreamInfo stream() {
    return writer.stream();
  }

  @Override
  public BufferAllocator allocator() {
    return allocator;
  }

  @Override
  public EmitResult tryEmitNext(T element) {
    Objects.requireNonNull(element, "element");
    return tryEmitNext(element, enter(Context.empty()));
  }

  /** Notes where elements come from: this thread, and this context. */
  ContextView enter(ContextView context) {
    return report.enter(context);
  }

  /** Emits an element that comes from somewhere that was {@link #enter}ed before. */
  EmitResult tryEmitNext(T element, ContextView entered) {
    EmitResult result;
    try {
      result = tryInOrder(element, entered);
    } catch (RuntimeException refused) {
      report.failed(refused);
      throw refused;
    }
    if (result == EmitResult.OK) {
      codec.close(element); // what was published holds its memory by itself
    }
    return result;
  }

  private synchronized EmitResult tryInOrder(T element, ContextView entered) {
    boolean othersFirst = !waiting.isEmpty() && !ended && writer.failure() == null;
    return othersFirst ? EmitResult.FAIL_OVERFLOW : publish(element, entered);
  }

  private EmitResult publish(T element, ContextView entered) {
    return report.attempted(publishNow(element, entered));
  }

  private EmitResult publishNow(T element, ContextView entered) {
    EmitResult state = state();
    if (state != EmitResult.OK) {
      return state;
    }
    encoder.check(element);
    report.publishing(entered);
    ChunkCodec.Encoded encoded = encoder.tryEncode(element);
    if (encoded == null && writer.outstandingChunks() == 0) {
      encoded = encoder.tryEncode(element); // the last one may have come back meanwhile
    }
    if (encoded == null) {
      checkMayWait();
      return EmitResult.FAIL_OVERFLOW;
    }
    ChunkWriter.Result result = tryPublish(encoded);
    if (result == ChunkWriter.Result.OK) {
      report.published(codec.rows(element), encoded);
      return EmitResult.OK;
    }
    encoded.discard();
    return switch (result) {
      case WINDOW_FULL -> EmitResult.FAIL_OVERFLOW;
      case TERMINATED -> EmitResult.FAIL_TERMINATED;
      default -> EmitResult.FAIL_CANCELLED;
    };
  }

  /** Returns what an emission would be answered now, {@code OK} if it depends on the element. */
  synchronized EmitResult state() {
    if (writer.failure() != null) {
      return EmitResult.FAIL_CANCELLED;
    }
    return ended ? EmitResult.FAIL_TERMINATED : EmitResult.OK;
  }

  private ChunkWriter.Result tryPublish(ChunkCodec.Encoded encoded) {
    try {
      return writer.tryPublish(encoded.draft());
    } catch (RuntimeException refused) {
      encoded.discard();
      throw refused;
    }
  }

  /** A full store is worth waiting for only as long as something of this writer can be released. */
  private void checkMayWait() {
    VineyardException refusal = writer.memory().refusal();
    if (refusal != null && writer.outstandingChunks() == 0) {
      writer.memory().askAgain();
      throw VineyardException.of(refusal.code(), String.valueOf(refusal.getMessage()), refusal);
    }
  }

  @Override
  public EmitResult tryEmitComplete() {
    return end(writer::finish, null);
  }

  @Override
  public EmitResult tryEmitError(Throwable error) {
    Objects.requireNonNull(error, "error");
    return error instanceof VineyardException typed
        ? end(() -> writer.fail(typed.code(), String.valueOf(typed.getMessage())), error)
        : end(() -> writer.fail(ErrorCode.STREAM_FAILED, error.toString()), error);
  }

  private EmitResult end(Runnable send, @Nullable Throwable fault) {
    synchronized (this) {
      EmitResult state = state();
      if (state != EmitResult.OK) {
        return state;
      }
      ended = true;
      encoder.close();
      send.run();
    }
    report.ended(fault);
    room.signal();
    return EmitResult.OK;
  }

  @Override
  public void emitNext(T element, EmitFailureHandler failureHandler) {
    EmitResult result = tryEmitNext(element);
    while (result.isFailure() && failureHandler.onEmitFailure(SignalType.ON_NEXT, result)) {
      result = tryEmitNext(element);
    }
    switch (result) {
      case OK -> {}
      case FAIL_OVERFLOW -> {
        discard(element);
        emitError(
            Exceptions.failWithOverflow("Backpressure overflow during StreamWriter#emitNext"),
            failureHandler);
      }
      case FAIL_CANCELLED, FAIL_ZERO_SUBSCRIBER -> discard(element);
      case FAIL_TERMINATED -> {
        Operators.onNextDropped(element, Context.empty());
        codec.close(element);
      }
      default -> result.orThrow();
    }
  }

  private void discard(T element) {
    Operators.onDiscard(element, Context.empty());
    codec.close(element);
  }

  @Override
  public void emitComplete(EmitFailureHandler failureHandler) {
    EmitResult result = tryEmitComplete();
    while (result.isFailure() && failureHandler.onEmitFailure(SignalType.ON_COMPLETE, result)) {
      result = tryEmitComplete();
    }
  }

  @Override
  public void emitError(Throwable error, EmitFailureHandler failureHandler) {
    EmitResult result = tryEmitError(error);
    while (result.isFailure() && failureHandler.onEmitFailure(SignalType.ON_ERROR, result)) {
      result = tryEmitError(error);
    }
    if (result == EmitResult.FAIL_TERMINATED) {
      Operators.onErrorDropped(error, Context.empty());
    }
  }

  @Override
  public Mono<Void> emit(T element) {
    Objects.requireNonNull(element, "element");
    return Mono.create(sink -> emit(new Waiting<>(element, enter(sink.contextView()), sink)));
  }

  private void emit(Waiting<T> one) {
    one.sink.onCancel(() -> withdraw(one));
    Attempt attempt;
    synchronized (this) {
      if (waiting.isEmpty()) {
        attempt = attempt(one);
      } else if (waiting.size() < MOST_WAITING) {
        attempt = Attempt.FULL;
      } else {
        attempt =
            new Attempt(
                EmitResult.FAIL_OVERFLOW,
                error(
                    ErrorCode.LIMIT_REACHED,
                    "expected at most " + MOST_WAITING + " waiting elements in "));
      }
      if (attempt.waits()) {
        waiting.add(one);
      }
    }
    settle(one, attempt);
  }

  private void withdraw(Waiting<T> one) {
    boolean removed;
    synchronized (this) {
      removed = waiting.remove(one);
    }
    if (removed) {
      codec.close(one.element);
      room.signal();
    }
  }

  private Attempt attempt(Waiting<T> one) {
    try {
      return new Attempt(publish(one.element, one.entered), null);
    } catch (RuntimeException refused) {
      return new Attempt(EmitResult.FAIL_CANCELLED, refused);
    }
  }

  private void settle(Waiting<T> one, Attempt attempt) {
    if (attempt.waits()) {
      return;
    }
    codec.close(one.element);
    if (attempt.fault != null) {
      report.failed(attempt.fault);
    }
    if (attempt.result == EmitResult.OK) {
      one.sink.success();
    } else {
      one.sink.error(attempt.fault == null ? reason(attempt.result) : attempt.fault);
    }
  }

  /** Says why nothing can be emitted any more. */
  RuntimeException reason(EmitResult result) {
    VineyardException failure = writer.failure();
    return result == EmitResult.FAIL_CANCELLED && failure != null
        ? failure
        : error(
            ErrorCode.INVALID_STREAM_STATE, "expected an open writer, it was ended before, of ");
  }

  private VineyardException error(ErrorCode code, String text) {
    return VineyardException.of(code, text + describe());
  }

  private String describe() {
    return "stream " + stream().id() + " " + stream().spec();
  }

  /** Whoever writes has found no room, and waits for some. */
  void beginWait() {
    report.beginWait();
  }

  private void onRoom() {
    report.onRoom();
    for (Waiting<T> one = firstWaiting(); one != null; one = firstWaiting()) {
      Attempt attempt = attemptFirst(one);
      if (attempt != null && attempt.waits()) {
        break;
      } else if (attempt != null) {
        settle(one, attempt);
      }
    }
    roomListeners.forEach(Runnable::run);
  }

  private synchronized @Nullable Waiting<T> firstWaiting() {
    return waiting.peek();
  }

  /** Tries the first that waits; null if it has been withdrawn in the meantime. */
  private synchronized @Nullable Attempt attemptFirst(Waiting<T> one) {
    if (!one.equals(waiting.peek())) {
      return null;
    }
    Attempt attempt = attempt(one);
    if (!attempt.waits()) {
      waiting.remove();
    }
    return attempt;
  }

  @Override
  public Mono<Void> write(Publisher<? extends T> source) {
    Objects.requireNonNull(source, "source");
    return Mono.create(
        sink -> {
          PublisherWriter<T> writing = new PublisherWriter<>(this, codec, sink);
          sink.onDispose(writing);
          inContext(source, sink.contextView()).subscribe(writing);
        });
  }

  /**
   * The publisher sees the context by its subscriber already. The operator is for what Reactor
   * makes of it: it restores thread-locals also around requests, which come from other threads.
   */
  private Publisher<? extends T> inContext(Publisher<? extends T> source, ContextView context) {
    return context.isEmpty() ? source : Flux.<T>from(source).contextWrite(context);
  }

  /** Tells a listener, by a worker, whenever there may be more room, until it is removed. */
  void addRoomListener(Runnable listener) {
    roomListeners.add(listener);
  }

  void removeRoomListener(Runnable listener) {
    roomListeners.remove(listener);
  }

  /** Returns how many elements the window takes now, if they are like those before. */
  long room() {
    return report.room();
  }

  @Override
  public Mono<Void> append(ObjectId id) {
    return objects.apply(id).flatMap(this::emit);
  }

  @Override
  public Mono<Void> onDrained() {
    return writer.onDrained();
  }

  @Override
  public synchronized WriterStats stats() {
    return report.stats();
  }

  @Override
  public int currentSubscriberCount() {
    return readers.get();
  }

  @Override
  public Flux<T> asFlux() {
    return reader;
  }

  @Override
  @SuppressWarnings("rawtypes") // so it is declared
  public @Nullable Object scanUnsafe(Attr key) {
    if (key == Attr.TERMINATED) {
      return isEnded();
    } else if (key == Attr.CANCELLED) {
      return writer.failure() != null;
    } else if (key == Attr.ERROR) {
      return writer.failure();
    } else if (key == Attr.BUFFERED) {
      return (int) Math.min(Integer.MAX_VALUE, writer.outstandingChunks());
    } else if (key == Attr.CAPACITY) {
      return stream().spec().windowChunks();
    }
    return key == Attr.RUN_STYLE ? Attr.RunStyle.ASYNC : null;
  }

  @Override
  public void close() {
    boolean early;
    synchronized (this) {
      early = !ended;
      if (early) {
        ended = true;
        encoder.close();
      }
      writer.close();
    }
    if (early) {
      report.ended(error(ErrorCode.WRITER_LOST, "expected an end before the close of "));
    }
    room.signal();
  }
}
