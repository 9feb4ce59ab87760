package io.vineyard.samples.web;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import java.util.function.Consumer;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import reactor.core.publisher.Flux;

/** Gets flights from the producer, for each subscriber through a stream of its own. */
@Component
final class Flights {
  private final ObjectStore store;
  private final StreamSpec spec;
  private final Producers producers;

  Flights(ObjectStore store, StreamSpec spec, Producers producers) {
    this.store = store;
    this.spec = spec;
    this.producers = producers;
  }

  /**
   * Reads all flights several times, 0 for as long as somebody reads.
   *
   * <p>Lazy. Fails with {@link NoProducerException} if no producer lives, with {@link
   * io.vineyard.store.WriterLostException} if it is lost on the way. The stream is dropped in the
   * end, also if the subscriber leaves.
   *
   * @param onStream is told which stream it is
   */
  Flux<RecordBatch> read(long repeat, Consumer<RecordBatchStream> onStream) {
    if (repeat < 0) {
      throw new ResponseStatusException(
          HttpStatus.BAD_REQUEST, "repeat: expected at least 0, got " + repeat);
    }
    return Flux.usingWhen(
        RecordBatchStream.create(store, spec).doOnNext(onStream),
        stream -> ask(stream, repeat == 0 ? Request.ENDLESS : repeat),
        stream -> stream.drop().onErrorComplete());
  }

  private Flux<RecordBatch> ask(RecordBatchStream stream, long repeat) {
    RunningProducer producer = producers.living();
    return producer
        .ask(stream.id(), repeat)
        .thenMany(stream.reader())
        // until it has begun, only its process tells that it is lost
        .timeout(producer.loss());
  }
}
