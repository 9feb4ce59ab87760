package example;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.arrow.RecordBatch;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

@RestController
class StreamsController {
  private final ObjectStore store; // made by the auto-configuration

  StreamsController(ObjectStore store) {
    this.store = store;
  }

  @GetMapping("/streams/{name}")
  Flux<RecordBatch> read(@PathVariable String name) {
    return RecordBatchStream.open(store, name).flatMapMany(RecordBatchStream::reader);
  }

  @PostMapping("/streams/{name}")
  Mono<Void> write(@PathVariable String name, @RequestBody Flux<RecordBatch> batches) {
    return RecordBatchStream.create(store, StreamSpec.named(name))
        .flatMap(stream -> stream.writer())
        .flatMap(writer -> writer.write(batches).doFinally(end -> writer.close()));
  }
}
