package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.reactive.WaitStrategy;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import org.jspecify.annotations.Nullable;

/** Sends one batch at a time, and the next one when it is back. */
final class Ping {
  private final ObjectStore store;
  private final WaitStrategy waiting;
  private final Round round;
  private final Latencies latencies = new Latencies();
  private Round.@Nullable Clock clock;
  private long number;
  private long sentNanos;

  Ping(ObjectStore store, WaitStrategy waiting, Round round) {
    this.store = store;
    this.waiting = waiting;
    this.round = round;
  }

  /** Returns the name of the stream on which batches come back. */
  static String backOf(Round round) {
    return Sending.nameOf(round) + "-back";
  }

  Line run() {
    RecordBatchStream there = create(Sending.nameOf(round));
    RecordBatchStream back = create(backOf(round)).waiting(waiting);
    try (StreamWriter<RecordBatch> writer = there.writerNow()) {
      clock = round.start();
      Batches batches = Batches.of(writer, round);
      send(writer, batches);
      back.<Void>reader(batch -> arrived(batch, writer, batches))
          .blockLast(Receiving.patience(round));
      writer.onDrained().block(Stores.PATIENCE);
      Sending.checked(writer.stats());
    }
    return latencies.done();
  }

  private RecordBatchStream create(String name) {
    return RecordBatchStream.create(store, Sending.specOf(round, name)).block(Stores.PATIENCE);
  }

  private @Nullable Void arrived(
      RecordBatch batch, StreamWriter<RecordBatch> writer, Batches batches) {
    Vectors.check(batch.vectors(), round, number);
    if (number > 0) {
      latencies.add(System.nanoTime() - sentNanos); // the first one waits for its reader to open
    }
    number++;
    if (clock.isOver(number)) {
      writer.tryEmitComplete().orThrow();
    } else {
      send(writer, batches);
    }
    return null;
  }

  private void send(StreamWriter<RecordBatch> writer, Batches batches) {
    sentNanos = System.nanoTime();
    Receiving.emit(writer, batches.build(number));
  }
}
