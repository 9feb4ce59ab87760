package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.reactive.WaitStrategy;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;

/** Reads the batches of a round, or sends them back. */
record Receiving(ObjectStore store, WaitStrategy waiting) {

  Line read(Round round) {
    Arrivals arrivals = new Arrivals();
    open(Sending.nameOf(round))
        .<Void>reader(
            batch -> {
              Vectors.check(batch.vectors(), round, arrivals.next());
              return null;
            })
        .blockLast(patience(round));
    return arrivals.done();
  }

  /** Sends a batch back for each that comes. */
  Line echo(Round round) {
    Arrivals arrivals = new Arrivals();
    RecordBatchStream back = open(Ping.backOf(round));
    try (StreamWriter<RecordBatch> writer = back.writerNow()) {
      Batches batches = Batches.of(writer, round);
      open(Sending.nameOf(round))
          .<Void>reader(
              batch -> {
                long number = arrivals.next();
                Vectors.check(batch.vectors(), round, number);
                emit(writer, batches.build(number));
                return null;
              })
          .blockLast(patience(round));
      writer.tryEmitComplete().orThrow();
      writer.onDrained().block(Stores.PATIENCE);
      return Line.of(EndLoop.DONE).with("count", writer.stats().elements());
    }
  }

  /**
   * Emits a batch, which may have to wait for memory; if it fails, so does the round, by waiting.
   */
  static void emit(StreamWriter<RecordBatch> writer, RecordBatch batch) {
    writer.emit(batch).subscribe();
  }

  private RecordBatchStream open(String name) {
    return RecordBatchStream.open(store, name, Stores.PATIENCE)
        .block(Stores.PATIENCE)
        .waiting(waiting);
  }

  static Duration patience(Round round) {
    return Stores.PATIENCE.plus(Duration.ofMillis(round.millis()));
  }
}
