package io.vineyard.samples.web;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.samples.FlightsWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Writes flights into each stream that it is asked for, in a process of its own. */
final class Producer {
  private static final int BATCH_ROWS = 20_000;
  private static final int MOST_STREAMS = 256;

  private final ObjectStore store;
  private final ArrowFile flights;

  private Producer(ObjectStore store, ArrowFile flights) {
    this.store = store;
    this.flights = flights;
  }

  /** Produces until there can be no more requests: SOCKET REQUESTS FILE. */
  public static void main(String[] args) {
    try (ObjectStore store = VineyardClient.create().socket(Path.of(args[0])).connectNow();
        ArrowFile flights = ArrowFile.open(Path.of(args[2]))) {
      RecordBatchStream requests = RecordBatchStream.open(store, ObjectId.parse(args[1])).block();
      new Producer(store, flights).serve(requests).block();
    } catch (VineyardException e) {
      // The app is gone, and has told its user.
      System.exit(1);
    }
    System.exit(0);
  }

  private Mono<Void> serve(RecordBatchStream requests) {
    return requests
        .reader()
        .transform(RecordBatches.toRows(Request.class))
        .flatMap(this::answer, MOST_STREAMS)
        .then();
  }

  private Mono<Void> answer(Request request) {
    return RecordBatchStream.open(store, ObjectId.parse(request.stream()))
        .flatMap(RecordBatchStream::writer)
        .flatMap(writer -> write(writer, request.repeat()))
        // its reader has left, or learns why
        .onErrorComplete();
  }

  private Mono<Void> write(StreamWriter<RecordBatch> writer, long repeat) {
    Flux<RecordBatch> batches =
        new FlightsWriter(flights, repeat, BATCH_ROWS).batches(writer.allocator());
    return writer
        .write(batches.subscribeOn(Schedulers.boundedElastic()))
        .doFinally(end -> writer.close());
  }
}
