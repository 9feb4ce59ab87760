package io.vineyard.samples.web;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.spring.VineyardMediaTypes;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.util.concurrent.atomic.LongAdder;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes what clients send into streams, for readers in any process. */
@RestController
class StreamsController {
  private final ObjectStore store;
  private final StreamSpec spec;

  StreamsController(ObjectStore store, StreamSpec spec) {
    this.store = store;
    this.spec = spec;
  }

  /**
   * What was written.
   *
   * @param stream the name of the stream
   * @param batches how many batches
   * @param rows how many rows these have
   */
  record Written(String stream, long batches, long rows) {}

  /** Writes batches into a stream, which is made if there is none of the name. */
  @PostMapping(path = "/streams/{name}", consumes = VineyardMediaTypes.ARROW_STREAM_VALUE)
  Mono<Written> write(@PathVariable String name, @RequestBody Flux<RecordBatch> batches) {
    LongAdder count = new LongAdder();
    LongAdder rows = new LongAdder();
    Flux<RecordBatch> counted =
        batches.doOnNext(
            batch -> {
              count.increment();
              rows.add(batch.rowCount());
            });
    return open(name)
        .flatMap(RecordBatchStream::writer)
        .flatMap(writer -> writer.write(counted).doFinally(end -> writer.close()))
        .then(Mono.fromSupplier(() -> new Written(name, count.sum(), rows.sum())));
  }

  private Mono<RecordBatchStream> open(String name) {
    return RecordBatchStream.create(store, spec.name(name))
        .onErrorResume(StreamsController::isTaken, e -> RecordBatchStream.open(store, name));
  }

  private static boolean isTaken(Throwable error) {
    return error instanceof VineyardException e && e.code() == ErrorCode.OBJECT_EXISTS;
  }
}
