package io.vineyard.reactive;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SynchronousSink;

/**
 * A stream of a store: what all kinds of streams have in common. Immutable; holds nothing that has
 * to be closed.
 *
 * @param <T> the elements, which hold shared memory: whoever receives one closes it
 */
public abstract sealed class VineyardStream<T extends AutoCloseable>
    permits RecordBatchStream, DataframeStream, ByteStream {
  private final ObjectStore store;
  private final StreamInfo info;
  private final ChunkCodec<T> codec;
  private final WaitStrategy waiting;

  VineyardStream(ObjectStore store, StreamInfo info, ChunkCodec<T> codec, WaitStrategy waiting) {
    this.store = store;
    this.info = info;
    this.codec = codec;
    this.waiting = Objects.requireNonNull(waiting, "waiting");
  }

  /** Returns what the stream is known by in its store. */
  public ObjectId id() {
    return info.id();
  }

  /** Returns the name, null if the stream has none. */
  public @Nullable String name() {
    return info.spec().name();
  }

  /** Answers with the stream as it is now. */
  public Mono<StreamInfo> info() {
    return store.getStream(id());
  }

  /**
   * Opens the writing end; the caller closes it, or ends the stream.
   *
   * <p>Fails with {@link ErrorCode#STREAM_OPENED} if the stream has a writer, with {@link
   * ErrorCode#INVALID_STREAM_STATE} if it has ended, or as {@link ObjectStore#getStream} does.
   */
  public Mono<StreamWriter<T>> writer() {
    OpenEnds ends = OpenEnds.of(store);
    return store
        .openWriter(id())
        .doOnError(ends::failed)
        .map(chunks -> new ChunkSink<>(chunks, codec, this::element, reader(), ends));
  }

  /**
   * Does what {@link #writer()} does, and waits for it; not for threads that must not block.
   *
   * @throws VineyardException as {@link #writer()} fails
   */
  public StreamWriter<T> writerNow() {
    return Objects.requireNonNull(writer().block());
  }

  /**
   * Reads the stream from where the last reader left it, each element in place in shared memory.
   *
   * <p>Lazy: a subscription opens a reading end, and demand goes through to the writer. Elements
   * belong to the subscriber, who closes each; those that can't be delivered any more are given to
   * Reactor's discard hook, and closed. The order is that of the writer. Signals come on a thread
   * of Reactor's parallel scheduler. Cancelling leaves the stream; what was not yet delivered goes
   * to the next reader.
   *
   * <p>Completes when the writer has finished. Fails with the writer's error, with {@link
   * io.vineyard.store.WriterLostException} if the writer was lost, each time after all elements
   * before; with {@link ErrorCode#STREAM_OPENED} if another reader is reading, with {@link
   * ErrorCode#STREAM_DROPPED}, with {@link io.vineyard.store.StoreLostException}, or as {@link
   * ObjectStore#getStream} does.
   */
  public Flux<T> reader() {
    return StreamReader.of(store, id(), codec, waiting);
  }

  /**
   * Reads the stream as {@link #reader()} does, and closes each element when the function has
   * returned, or has thrown, which fails the result.
   *
   * @param function makes a result of an element; must not keep the element or what it holds. If it
   *     returns null, the element is left out
   */
  public <R> Flux<R> reader(Function<? super T, ? extends @Nullable R> function) {
    Objects.requireNonNull(function, "function");
    return reader().handle((T element, SynchronousSink<R> sink) -> apply(function, element, sink));
  }

  private <R> void apply(
      Function<? super T, ? extends @Nullable R> function, T element, SynchronousSink<R> sink) {
    R made;
    try {
      made = function.apply(element);
    } finally {
      codec.close(element);
    }
    if (made != null) {
      sink.next(made);
    }
  }

  /**
   * Returns the same stream, whose readers wait like this; without it, they park. The store and the
   * other end don't know of it.
   */
  public abstract VineyardStream<T> waiting(WaitStrategy strategy);

  /**
   * Removes the stream from its store: readers and the writer get {@link ErrorCode#STREAM_DROPPED};
   * what readers hold stays readable until it is closed.
   */
  public Mono<Void> drop() {
    return store.delete(id());
  }

  /** Gets an element out of the store, for a writer that appends it. */
  abstract Mono<T> element(ObjectId object);

  ObjectStore store() {
    return store;
  }

  StreamInfo opened() {
    return info;
  }

  @Override
  public String toString() {
    return "stream " + info.id() + " " + info.spec();
  }
}
