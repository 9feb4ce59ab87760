package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.util.context.ContextView;

/**
 * Is told of the ends of streams that are open in this process, to measure and to trace them.
 *
 * <p>This is what {@code io.vineyard.reactive.micrometer} is built on; applications use that. The
 * methods are called by any thread, some of which must not be blocked. What they throw is logged,
 * and disturbs no stream. None is called for each element, but for those of the traces.
 */
public interface StreamListener {
  /**
   * Has a listener told of the ends that are opened by streams of this client of a store, and at
   * once of those that are open. Forks of the client are clients of their own.
   *
   * @return ends it
   */
  static Disposable listen(ObjectStore store, StreamListener listener) {
    Objects.requireNonNull(store, "store");
    Objects.requireNonNull(listener, "listener");
    return OpenEnds.of(store).listen(listener);
  }

  /** An end was opened. */
  default void opened(End end) {}

  /**
   * An end is over: of a reader, when it has left; of a writer, when the stream has ended and all
   * of it has been released. Its counts don't change any more.
   */
  default void closed(End end) {}

  /** An end could not be opened, has failed, or refused an element. */
  default void failed(Throwable fault) {}

  /** Begins to trace a new writer; null if it is not to be traced. */
  default @Nullable WriterTrace writing(StreamInfo stream) {
    return null;
  }

  /** Begins to trace a new reader; null if it is not to be traced. */
  default @Nullable ReaderTrace reading(StreamInfo stream) {
    return null;
  }

  /** An open end of a stream. */
  interface End {
    /** Returns the stream as it was when the end was opened. */
    StreamInfo stream();

    /** Returns whether it is a writer, or else a reader. */
    boolean isWriter();

    /** Returns what it has done so far. Takes no lock for long, and waits for nobody. */
    Counts counts();
  }

  /**
   * What an end has done, and how it is.
   *
   * @param elements how many elements were written, or delivered
   * @param rows how many rows these had
   * @param bytes how many bytes of shared memory these took
   * @param copiedElements how many of them a writer had to copy, in whole or in part
   * @param copiedBytes how many bytes a writer had to copy
   * @param usedChunks how many chunks of a writer's window are used now
   * @param usedBytes how many bytes of a writer's window are used now
   * @param demand how many elements a reader may still be given now; {@link Long#MAX_VALUE} without
   *     a bound
   * @param waits how often a writer had to wait for room, or a reader for an element
   * @param waitNanos how long these waits took, the one that goes on included
   */
  record Counts(
      long elements,
      long rows,
      long bytes,
      long copiedElements,
      long copiedBytes,
      long usedChunks,
      long usedBytes,
      long demand,
      long waits,
      long waitNanos) {
    /** What an end has done that has done nothing. */
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** Returns what both have done together. */
    public Counts plus(Counts that) {
      long demanded = demand + that.demand;
      return new Counts(
          elements + that.elements,
          rows + that.rows,
          bytes + that.bytes,
          copiedElements + that.copiedElements,
          copiedBytes + that.copiedBytes,
          usedChunks + that.usedChunks,
          usedBytes + that.usedBytes,
          demanded < 0 ? Long.MAX_VALUE : demanded,
          waits + that.waits,
          waitNanos + that.waitNanos);
    }

    /** Returns what stays when the end is over: what was done. */
    public Counts done() {
      return new Counts(
          elements, rows, bytes, copiedElements, copiedBytes, 0, 0, 0, waits, waitNanos);
    }
  }

  /** Follows what a writer writes; its methods are called by any thread. */
  interface WriterTrace {
    /**
     * Elements come from here: on this thread, and in this Reactor context.
     *
     * @return the context for {@link #carrier}, which the thread may not know any more then
     */
    ContextView enter(ContextView context);

    /**
     * Returns what the next chunk carries for its reader, null for nothing; it has room, and nearly
     * always is published next.
     */
    byte @Nullable [] carrier(ContextView entered);

    /** The chunk for which the carrier was asked last is published. */
    void published();

    /** The stream has ended, well if the fault is null; called once or more. */
    void ended(@Nullable Throwable fault);
  }

  /** Follows what a reader is given; its methods are called by one thread at a time. */
  interface ReaderTrace {
    /**
     * A chunk is delivered next.
     *
     * @param carrier what it carries, null for nothing
     * @throws io.vineyard.store.VineyardException if that can't be read, which ends the reader
     */
    void arrived(@Nullable ByteBuffer carrier);

    /** Runs the delivery of the chunk that has arrived. */
    void deliver(Runnable delivery);

    /** The reader has left, for good if the fault is null; called once or more. */
    void ended(@Nullable Throwable fault);
  }
}
