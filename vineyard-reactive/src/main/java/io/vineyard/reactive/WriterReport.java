package io.vineyard.reactive;

import io.vineyard.reactive.StreamListener.Counts;
import io.vineyard.reactive.StreamListener.WriterTrace;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ChunkCodec;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Sinks.EmitResult;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** What a writer has done, for itself and for who listens to streams or traces them. */
final class WriterReport implements StreamListener.End {
  private final ChunkWriter writer;
  private final OpenEnds ends;
  private final @Nullable WriterTrace trace;
  private final EndTally tally = new EndTally();
  private volatile boolean ended;

  /** Guarded by the writer, as the encoder is. */
  private ContextView publishing = Context.empty();

  WriterReport(ChunkWriter writer, OpenEnds ends) {
    this.writer = writer;
    this.ends = ends;
    this.trace = ends.writing(writer.stream());
  }

  /** Begins, as soon as the writer is complete; ends by itself when the stream is drained. */
  void begin(ChunkCodec.Encoder<?> encoder) {
    WriterTrace tracing = trace;
    if (tracing != null) {
      encoder.carry(() -> tracing.carrier(publishing));
    }
    ends.opened(this);
    writer.onDrained().subscribe(null, shutDown -> drained(), this::drained);
  }

  private void drained() {
    VineyardException failure = writer.failure();
    if (failure != null && !ended) {
      failed(failure);
      ended(failure);
    }
    tally.endWait();
    ends.closed(this);
  }

  /** Notes where elements come from: this thread, and this context. */
  ContextView enter(ContextView context) {
    return trace == null ? context : trace.enter(context);
  }

  /** An element is about to be encoded, from somewhere that was {@link #enter}ed before. */
  void publishing(ContextView entered) {
    publishing = entered;
  }

  void published(long rows, ChunkCodec.Encoded encoded) {
    tally.add(rows, encoded.dataBytes(), encoded.copiedBytes());
    if (trace != null) {
      trace.published();
    }
  }

  /** Somebody waits from the first attempt on that finds no room, until one succeeds. */
  EmitResult attempted(EmitResult result) {
    if (result == EmitResult.FAIL_OVERFLOW) {
      tally.beginWait();
    } else {
      tally.endWait();
    }
    return result;
  }

  /** Whoever writes has found no room, and waits for some. */
  void beginWait() {
    tally.beginWait();
  }

  /** There may be room, which nobody may take. */
  void onRoom() {
    if (tally.isWaiting() && (ended || writer.failure() != null || room() > 0)) {
      tally.endWait();
    }
  }

  void failed(Throwable fault) {
    ends.failed(fault);
  }

  void ended(@Nullable Throwable fault) {
    ended = true;
    if (trace != null) {
      trace.ended(fault);
    }
  }

  /**
   * Returns how many elements the window takes now, if they are like those before: one, as long as
   * nothing is known of them.
   */
  long room() {
    long elements = tally.elements();
    long size = elements == 0 ? Long.MAX_VALUE : Math.max(1, tally.bytes() / elements);
    long fitting = Math.min(writer.roomChunks(), writer.roomBytes() / size);
    return fitting == 0 && writer.outstandingChunks() == 0 ? 1 : fitting;
  }

  WriterStats stats() {
    Counts now = counts();
    return new WriterStats(
        now.elements(), now.bytes(), now.copiedElements(), now.copiedBytes(), now.usedChunks());
  }

  @Override
  public StreamInfo stream() {
    return writer.stream();
  }

  @Override
  public boolean isWriter() {
    return true;
  }

  @Override
  public Counts counts() {
    long chunks = writer.outstandingChunks(); // takes back what was released
    return tally.counts(chunks, stream().spec().windowBytes() - writer.roomBytes(), 0);
  }
}
