package io.vineyard.reactive;

import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import org.apache.arrow.memory.BufferAllocator;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The writing end of a stream: a sink that knows how much its readers can take.
 *
 * <p>An element belongs to the stream from {@link reactor.core.publisher.Sinks.EmitResult#OK} on:
 * it is closed then, and its memory stays until the reader has released it. After any other result
 * it still belongs to the caller.
 *
 * <table>
 * <caption>What {@link #tryEmitNext} answers</caption>
 * <tr><th>situation</th><th>result</th></tr>
 * <tr><td>accepted</td><td>{@code OK}</td></tr>
 * <tr><td>the window is full, or {@link #emit}s wait</td><td>{@code FAIL_OVERFLOW}</td></tr>
 * <tr><td>the stream was dropped or stopped by the store, or the store is lost</td>
 *     <td>{@code FAIL_CANCELLED}</td></tr>
 * <tr><td>finished, failed or closed before</td><td>{@code FAIL_TERMINATED}</td></tr>
 * </table>
 *
 * <p>{@link #tryEmitNext} throws a {@link io.vineyard.store.VineyardException} if the element can
 * never be accepted: {@link io.vineyard.store.ErrorCode#SCHEMA_MISMATCH}, saying the first field
 * that differs, {@link io.vineyard.store.ErrorCode#ALREADY_STOPPED} if it is closed, {@link
 * io.vineyard.store.ErrorCode#NOT_ENOUGH_MEMORY} if the store is full and nothing of this writer
 * can be waited for. Nothing of that disturbs the stream.
 *
 * <p>{@link #emitNext} follows {@link Sinks.Many} to the letter, so a full window ends the stream
 * with an overflow; prefer {@link #tryEmitNext}, {@link #emit} or {@link #write}. {@link #asFlux()}
 * is a reader of the stream like any other. Nothing here blocks. Several threads may emit; the
 * order of each of them is kept.
 *
 * @param <T> the elements
 */
public interface StreamWriter<T extends AutoCloseable> extends Sinks.Many<T>, AutoCloseable {

  /** Returns the stream as it was when the writer was opened. */
  StreamInfo stream();

  /**
   * Returns an allocator for what will be emitted: what is built with it is published where it is,
   * without a copy. Anything else is copied once.
   *
   * <p>A thread that must not block gets ordinary memory when what is leased ahead does not
   * suffice; any other waits for the store. It throws a {@link io.vineyard.store.VineyardException}
   * with {@link io.vineyard.store.ErrorCode#NOT_ENOUGH_MEMORY} when the store is full.
   */
  BufferAllocator allocator();

  /**
   * Emits an element as soon as there is room; waiting elements keep their order.
   *
   * <p>The element belongs to the stream from the subscription on: if it can't be published, or the
   * result is cancelled before, it is closed. Fails as {@link #tryEmitNext} does, or with {@link
   * io.vineyard.store.ErrorCode#INVALID_STREAM_STATE} if the stream has ended.
   */
  Mono<Void> emit(T element);

  /**
   * Emits everything of a publisher, and ends the stream as the publisher ends: completed or failed
   * with its error. Requests from it what the window allows, not more.
   *
   * <p>Lazy. Elements belong to the stream as they arrive. Completes when the end is published,
   * which does not wait for readers (see {@link #onDrained()}). If the result is cancelled, the
   * publisher is, and the stream stays open. If an element can't be published, the publisher is
   * cancelled, and the stream and the result fail. If the stream is over before, or the store is
   * lost, the publisher is cancelled and the result fails, without waiting for an element.
   *
   * <p>The publisher finds {@link #allocator()} in its Reactor context, under {@link
   * BufferAllocator BufferAllocator.class}, so that one which is made elsewhere can build in place
   * as well.
   */
  Mono<Void> write(Publisher<? extends T> source);

  /**
   * Emits an object of the store, as {@link #emit} would; its bytes are copied at most once. Fails
   * with {@link io.vineyard.store.ErrorCode#OBJECT_NOT_EXISTS}, or with {@link
   * io.vineyard.store.ErrorCode#OBJECT_TYPE_ERROR} if it is not an element of such a stream.
   */
  Mono<Void> append(ObjectId id);

  /** Completes when the stream has ended and everything of this writer has been released. */
  Mono<Void> onDrained();

  /** Returns what was done so far. */
  WriterStats stats();

  /**
   * Ends my use. A stream that was neither finished nor failed fails for its readers with {@link
   * io.vineyard.store.ErrorCode#WRITER_LOST}; after an end this does nothing.
   */
  @Override
  void close();
}
