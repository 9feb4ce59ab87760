package io.vineyard.samples.pipeline;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.samples.FlightsWriter;
import io.vineyard.samples.pipeline.Rows.Flight;
import io.vineyard.samples.pipeline.Rows.Group;
import io.vineyard.samples.pipeline.Rows.LateFlight;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.arrow.RecordBatch;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a process does: each writes the stream of its name, and reads that of the one before. */
enum Stage {
  /** Writes all flights of a file, as often as asked. */
  SOURCE("source") {
    @Override
    Mono<Void> run(ObjectStore store, ArrowFile file, long repeat, AtomicLong rows) {
      FlightsWriter flights = new FlightsWriter(file, repeat, BATCH_ROWS);
      return write(store, writer -> flights.batches(writer.allocator()).doOnNext(count(rows)));
    }
  },

  /** Lets late flights through, and says which part of the day they were in. */
  FILTER_JOIN("filter-join") {
    @Override
    Mono<Void> run(ObjectStore store, ArrowFile file, long repeat, AtomicLong rows) {
      Flux<LateFlight> late =
          read(store, SOURCE)
              .doOnNext(count(rows))
              .transform(RecordBatches.toRows(Flight.class))
              .filter(Flight::isLate)
              .map(Flight::withPart);
      return write(
          store,
          writer ->
              late.transform(
                  RecordBatches.fromRows(LateFlight.class, BATCH_ROWS, writer.allocator())));
    }
  },

  /** Groups them by the part of the day. */
  SINK("sink") {
    @Override
    Mono<Void> run(ObjectStore store, ArrowFile file, long repeat, AtomicLong rows) {
      Flux<Group> groups =
          read(store, FILTER_JOIN)
              .doOnNext(count(rows))
              .transform(RecordBatches.toRows(LateFlight.class))
              .<Map<String, Group>>reduceWith(LinkedHashMap::new, Stage::add)
              .flatMapIterable(Map::values);
      return write(
          store,
          writer ->
              groups.transform(
                  RecordBatches.fromRows(Group.class, BATCH_ROWS, writer.allocator())));
    }
  };

  private static final int BATCH_ROWS = 4096;

  private final String title;

  Stage(String title) {
    this.title = title;
  }

  /** Returns its name, which is that of the stream that it writes. */
  String title() {
    return title;
  }

  /** Runs to the end of what it reads; counts rows as they come. */
  abstract Mono<Void> run(ObjectStore store, ArrowFile file, long repeat, AtomicLong rows);

  private static Flux<RecordBatch> read(ObjectStore store, Stage before) {
    return RecordBatchStream.open(store, before.title()).flatMapMany(RecordBatchStream::reader);
  }

  Mono<Void> write(
      ObjectStore store, Function<StreamWriter<RecordBatch>, Flux<RecordBatch>> batches) {
    return Mono.usingWhen(
        RecordBatchStream.open(store, title).flatMap(RecordBatchStream::writer),
        // over when the next stage has everything
        writer -> writer.write(batches.apply(writer)).then(writer.onDrained()),
        writer -> Mono.fromRunnable(writer::close));
  }

  private static Consumer<RecordBatch> count(AtomicLong rows) {
    return batch -> rows.addAndGet(batch.rowCount());
  }

  private static Map<String, Group> add(Map<String, Group> groups, LateFlight flight) {
    groups.merge(flight.part(), Group.of(flight), Group::plus);
    return groups;
  }
}
