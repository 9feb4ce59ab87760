package io.vineyard.samples;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.arrow.RecordBatch;
import org.apache.arrow.memory.BufferAllocator;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Writes the flights of a file, as often as asked, in batches built in shared memory. */
public final class FlightsWriter {
  private final ArrowFile file;
  private final long repeat;
  private final int batchRows;

  /** Takes a file, which stays the caller's. */
  public FlightsWriter(ArrowFile file, long repeat, int batchRows) {
    this.file = file;
    this.repeat = repeat;
    this.batchRows = batchRows;
  }

  /** Starts to write; says so if it can't go on, as the stream's reader learns too. */
  Disposable write(RecordBatchStream stream) {
    StreamWriter<RecordBatch> writer = stream.writerNow();
    return writer
        .write(batches(writer.allocator()).subscribeOn(Schedulers.boundedElastic()))
        .doOnError(error -> System.err.println("the writer stopped: " + error.getMessage()))
        .onErrorComplete()
        .doFinally(end -> writer.close())
        .subscribe();
  }

  /** Builds batches in shared memory, when they are asked for; the subscriber closes each. */
  public Flux<RecordBatch> batches(BufferAllocator sharedMemory) {
    return Flux.range(0, file.batchCount())
        .concatMap(
            index ->
                Flux.using(
                    () -> file.batch(index), batch -> cut(batch, sharedMemory), RecordBatch::close))
        .repeat(repeat - 1);
  }

  /** Builds batches in shared memory, when they are asked for. */
  private Flux<RecordBatch> cut(RecordBatch batch, BufferAllocator sharedMemory) {
    int cuts = (batch.rowCount() + batchRows - 1) / batchRows;
    return Flux.range(0, cuts)
        .map(
            index -> {
              int first = index * batchRows;
              try (var cut = batch.slice(first, Math.min(batchRows, batch.rowCount() - first))) {
                return cut.copyTo(sharedMemory);
              }
            });
  }
}
