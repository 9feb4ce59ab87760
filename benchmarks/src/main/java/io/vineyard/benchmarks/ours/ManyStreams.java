package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** One end of many streams at once, which are opened first and run then. */
final class ManyStreams {
  private final Stores stores;
  private final List<ObjectStore> clients = new ArrayList<>();
  private final List<RecordBatchStream> streams = new ArrayList<>();
  private final List<StreamWriter<RecordBatch>> writers = new ArrayList<>();
  private final List<Disposable> waiting = new ArrayList<>();

  ManyStreams(Stores stores) {
    this.stores = stores;
  }

  private static String nameOf(Line line, long index) {
    return "m" + line.number("id") + "-" + index;
  }

  Line openWriters(Line line) {
    for (long i = 0; i < line.number("streams"); i++) {
      RecordBatchStream stream =
          RecordBatchStream.create(stores.writers(), StreamSpec.named(nameOf(line, i)))
              .block(Stores.PATIENCE);
      streams.add(stream);
      writers.add(stream.writerNow());
    }
    return Line.of(EndLoop.DONE);
  }

  /**
   * Opens all streams, spread over the clients; lets a subscriber wait for each if that is said.
   */
  Line openReaders(Line line) {
    for (long i = 0; i < line.number("clients"); i++) {
      clients.add(stores.connect());
    }
    for (long i = 0; i < line.number("streams"); i++) {
      RecordBatchStream stream =
          RecordBatchStream.open(
                  clients.get((int) i % clients.size()), nameOf(line, i), Stores.PATIENCE)
              .block(Stores.PATIENCE);
      streams.add(stream);
      if (line.has("waiting")) {
        waiting.add(stream.reader(RecordBatch::rowCount).subscribe());
      }
    }
    return Line.of(EndLoop.DONE);
  }

  Line write(Round round) {
    Round.Clock clock = round.start();
    List<Mono<Void>> writes = new ArrayList<>();
    for (StreamWriter<RecordBatch> writer : writers) {
      writes.add(writer.write(Batches.of(writer, round).until(clock)).then(writer.onDrained()));
    }
    Flux.merge(Flux.fromIterable(writes), Math.max(1, writes.size()))
        .blockLast(Receiving.patience(round));
    long count = 0;
    for (StreamWriter<RecordBatch> writer : writers) {
      count += Sending.checked(writer.stats()).number("count");
    }
    forget();
    return Line.of(EndLoop.DONE).with("count", count);
  }

  Line read(Round round) {
    long start = System.nanoTime();
    List<Mono<Long>> reads = new ArrayList<>();
    for (RecordBatchStream stream : streams) {
      reads.add(Mono.defer(() -> read(stream, round)));
    }
    long count =
        Flux.merge(Flux.fromIterable(reads), Math.max(1, reads.size()))
            .reduce(0L, Long::sum)
            .block(Receiving.patience(round));
    long nanos = System.nanoTime() - start;
    forget();
    return Line.of(EndLoop.DONE).with("count", count).with("nanos", nanos);
  }

  private static Mono<Long> read(RecordBatchStream stream, Round round) {
    Arrivals arrivals = new Arrivals();
    return stream
        .<Void>reader(
            batch -> {
              Vectors.check(batch.vectors(), round, arrivals.next());
              return null;
            })
        .then(Mono.fromSupplier(() -> arrivals.done().number("count")));
  }

  /** Does nothing for a while. */
  Line idle(long millis) throws InterruptedException {
    boolean woken = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    if (woken) {
      throw new IllegalStateException("expected nothing to happen");
    }
    return Line.of(EndLoop.DONE);
  }

  /** Gives all streams up. */
  Line drop() {
    waiting.forEach(Disposable::dispose);
    if (!writers.isEmpty()) {
      streams.forEach(stream -> stream.drop().block(Stores.PATIENCE));
    }
    writers.forEach(StreamWriter::close);
    forget();
    return Line.of(EndLoop.DONE);
  }

  private void forget() {
    waiting.clear();
    writers.clear();
    streams.clear();
    clients.forEach(ObjectStore::close);
    clients.clear();
  }
}
