package io.vineyard.spring.boot;

import static org.springframework.web.reactive.function.server.RouterFunctions.route;
import static org.springframework.web.reactive.function.server.ServerResponse.ok;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.spring.VineyardMediaTypes;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What a user would write: streams of a store, in and out. */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration
class FlightsApplication {

  @RestController
  static class Streams {
    private final ObjectStore store;
    private final StreamSpec spec;

    Streams(ObjectStore store, StreamSpec spec) {
      this.store = store;
      this.spec = spec;
    }

    @GetMapping("/streams/{name}")
    Flux<RecordBatch> read(@PathVariable String name) {
      return RecordBatchStream.open(store, name).flatMapMany(RecordBatchStream::reader);
    }

    @GetMapping("/first/{name}")
    Mono<RecordBatch> first(@PathVariable String name) {
      return RecordBatchStream.open(store, name).flatMap(stream -> stream.reader().next());
    }

    @PostMapping(path = "/streams/{name}", consumes = VineyardMediaTypes.ARROW_STREAM_VALUE)
    Mono<String> write(@PathVariable String name, @RequestBody Flux<RecordBatch> batches) {
      return RecordBatchStream.create(store, spec.name(name))
          .flatMap(
              stream ->
                  Mono.usingWhen(
                      stream.writer(), writer -> write(writer, batches), Streams::closed));
    }

    private static Mono<String> write(StreamWriter<RecordBatch> writer, Flux<RecordBatch> batches) {
      return writer
          .write(batches)
          .then(Mono.fromSupplier(() -> "copied " + writer.stats().copiedElements()));
    }

    private static Mono<Void> closed(StreamWriter<RecordBatch> writer) {
      return Mono.fromRunnable(writer::close);
    }

    @PostMapping("/one")
    int one(@RequestBody RecordBatch batch) {
      try (batch) {
        return batch.rowCount();
      }
    }
  }

  @Bean
  RouterFunction<ServerResponse> functional(ObjectStore store) {
    return route()
        .GET(
            "/functional/{name}",
            request ->
                ok().contentType(VineyardMediaTypes.CSV)
                    .body(
                        RecordBatchStream.open(store, request.pathVariable("name"))
                            .flatMapMany(RecordBatchStream::reader),
                        RecordBatch.class))
        .build();
  }
}
