package io.vineyard.store;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The writing end of a stream, in chunks.
 *
 * <p>Thread-safe; chunks are ordered as their {@link #tryPublish} calls are. Whoever opened it
 * closes it. This is what {@code vineyard-reactive} is built on; applications use the streams
 * there.
 */
public interface ChunkWriter extends AutoCloseable {
  /** What became of a chunk that was offered. */
  enum Result {
    /** Published; the stream owns its memory until it is reclaimed. */
    OK,
    /** The window is full; the chunk still belongs to the caller. */
    WINDOW_FULL,
    /** The stream was finished or failed before. */
    TERMINATED,
    /**
     * The stream was dropped, the store was lost or could not hold what the stream needs, or this
     * writer was closed.
     */
    CANCELLED
  }

  /** Returns the stream as it was when the writer was opened. */
  StreamInfo stream();

  /** Returns the memory of which chunks are made. */
  SharedMemory memory();

  /** Begins a chunk. */
  ChunkDraft draft();

  /**
   * Publishes a completed draft. Never blocks. A draft that was not accepted may be offered again.
   */
  Result tryPublish(ChunkDraft draft);

  /**
   * Sets what readers learn once, before the first chunk: the schema, in the form of the stream's
   * kind. Only the first call of a stream has an effect.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} above 4 MiB
   */
  void preamble(ByteBuffer bytes);

  /** Returns whether a chunk with this many bytes would be accepted now. */
  boolean hasRoom(long dataBytes);

  /** Returns how many more chunks the window holds now. */
  int roomChunks();

  /** Returns how many more bytes the window holds now. */
  long roomBytes();

  /**
   * Sets who is told, often more than once, that the window has more room or that the writer has
   * ended; run by any thread, the store's client's own and that of who publishes among them, so it
   * must not block.
   */
  void onRoom(Runnable listener);

  /** Ends the stream well; does nothing after an end. */
  void finish();

  /** Ends the stream with an error that every reader gets; does nothing after an end. */
  void fail(ErrorCode code, String message);

  /**
   * Returns why the stream can't be written any more: {@link ErrorCode#STREAM_DROPPED}, {@link
   * ErrorCode#STORE_LOST}, or {@link ErrorCode#LIMIT_REACHED} if the tables of the store can't hold
   * what readers of it have to know; null as long as nothing went wrong.
   */
  @Nullable VineyardException failure();

  /** Returns how many chunks of this writer are published and not yet reclaimed. */
  long outstandingChunks();

  /** Completes when every chunk of this writer has been reclaimed, or will never be. */
  Mono<Void> onDrained();

  /** Ends my use: a stream that was not ended before fails with {@link ErrorCode#WRITER_LOST}. */
  @Override
  void close();
}
