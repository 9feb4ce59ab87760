package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.arrow.BatchBuilder;
import io.vineyard.store.arrow.RecordBatch;
import org.apache.arrow.vector.FieldVector;
import reactor.core.publisher.Flux;

/** The batches of a round, built in the memory of a writer. */
record Batches(BatchBuilder builder, Round round) {

  static Batches of(StreamWriter<RecordBatch> writer, Round round) {
    return new Batches(BatchBuilder.of(Vectors.SCHEMA, writer.allocator()), round);
  }

  RecordBatch build(long number) {
    int rows = round.rows();
    return builder.build(
        rows,
        vectors -> {
          int column = 0;
          for (FieldVector vector : vectors) {
            long values = vector.getDataBufferAddress();
            Columns.fill(round.work(), column++, values, rows, number);
          }
        });
  }

  /** Makes batches until the clock says that it is enough. */
  Flux<RecordBatch> until(Round.Clock clock) {
    return Flux.generate(
        () -> 0L,
        (number, sink) -> {
          if (clock.isOver(number)) {
            sink.complete();
          } else {
            sink.next(build(number));
          }
          return number + 1;
        });
  }
}
