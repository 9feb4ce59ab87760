package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.reactive.WriterStats;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;

/** Writes the batches of a round. */
record Sending(ObjectStore store) {
  private static final int LEAST_AHEAD = 4;
  private static final long MOST_WINDOW_BYTES = 256 << 20;
  private static final long CACHED_WINDOW_BYTES = 16 << 20;

  /** Returns the name of the stream of a round. */
  static String nameOf(Round round) {
    return "r" + round.id();
  }

  /**
   * Returns a stream whose window takes as many batches as a usual window does chunks, or 256 MiB
   * of them; 16 MiB, which stay in the cache, if all values are touched; but always a few, however
   * large they are.
   */
  static StreamSpec specOf(Round round, String name) {
    long most = round.work() == Work.PIPELINE ? CACHED_WINDOW_BYTES : MOST_WINDOW_BYTES;
    long usual = (long) StreamSpec.DEFAULT_WINDOW_CHUNKS * round.batchBytes();
    return StreamSpec.named(name)
        .windowBytes(Math.max(Math.min(usual, most), (long) LEAST_AHEAD * round.batchBytes()));
  }

  Line write(Round round, Line line) {
    StreamSpec spec = specOf(round, nameOf(round));
    if (line.has("chunks")) {
      spec = spec.windowChunks((int) line.number("chunks"));
    }
    RecordBatchStream stream = RecordBatchStream.create(store, spec).block(Stores.PATIENCE);
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      writer
          .write(Batches.of(writer, round).until(round.start()))
          .block(Stores.PATIENCE.plus(Duration.ofMillis(round.millis())));
      writer.onDrained().block(Stores.PATIENCE);
      return checked(writer.stats());
    }
  }

  /** Fails if something is still out. */
  static Line checked(WriterStats stats) {
    if (stats.outstandingElements() != 0) {
      throw new IllegalStateException("expected all batches back, got " + stats);
    }
    return Line.of(EndLoop.DONE)
        .with("count", stats.elements())
        .with("copied", stats.copiedElements());
  }
}
