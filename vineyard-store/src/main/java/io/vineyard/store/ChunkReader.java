package io.vineyard.store;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The reading end of a stream, in chunks that are pulled.
 *
 * <p>{@link #request} and {@link #close} may be called by any thread, {@link #poll} by one at a
 * time. This is what {@code vineyard-reactive} is built on; applications use the streams there.
 */
public interface ChunkReader extends AutoCloseable {
  /** Returns the stream as it was when the reader was opened. */
  StreamInfo stream();

  /**
   * Lets {@link #poll} return this many more chunks; {@link Long#MAX_VALUE} means no bound.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 1
   */
  void request(long chunks);

  /** Returns how many more chunks {@link #poll} may return; {@link Long#MAX_VALUE}: no bound. */
  long demand();

  /** Takes the next chunk that has arrived, which the caller then owns; null if there is none. */
  @Nullable Chunk poll();

  /**
   * Looks for the next chunk again and again, for the thread that is to {@link #poll} it: a wait
   * that takes a whole core, but no time to wake up from. Returns as soon as there is one or
   * anything else has happened, and at once if nothing was requested.
   *
   * @param mostNanos how long it looks at most
   */
  void spin(long mostNanos);

  /**
   * Takes back the chunk that was polled last and has not been used, as if it had not been polled:
   * for whoever was told to leave in between. The reader may have been closed meanwhile.
   */
  void putBack(Chunk chunk);

  /** Returns what the writer set once before the first chunk; null before it is known. */
  @Nullable ByteBuffer preamble();

  /**
   * Returns whether the end was reached: no chunk is left here, and none will come. Whether the end
   * is a good one says {@link #failure()}.
   */
  boolean isEnded();

  /** Returns why the stream ended; null as long as it has not, or if it was finished well. */
  @Nullable VineyardException failure();

  /**
   * Leaves the stream. Chunks that were not polled go back, and are delivered to the next reader;
   * those that were polled stay leased until each is closed.
   */
  @Override
  void close();
}
