package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.embedded.EmbeddedStore;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

class SmokeTest {
  @Test
  void aFluxGoesThroughAStream() {
    try (ObjectStore store = EmbeddedStore.create().open()) {
      RecordBatchStream stream =
          RecordBatchStream.create(store, StreamSpec.named("s").windowChunks(4)).block();
      StreamWriter<io.vineyard.store.arrow.RecordBatch> writer = stream.writerNow();
      StepVerifier.create(
              Flux.merge(
                  writer
                      .write(
                          Flux.range(0, 10000)
                              .map(i -> Batches.counting(writer.allocator(), i, 100)))
                      .thenMany(Flux.empty()),
                  stream.reader(Batches::sum)))
          .expectNextCount(10000)
          .expectComplete()
          .verify(Duration.ofSeconds(20));
      System.out.println(writer.stats() + " " + store.status().block());
      writer.onDrained().block(Duration.ofSeconds(5));
      assertThat(writer.allocator().getAllocatedMemory()).isZero();
      System.out.println(writer.stats() + " " + store.status().block());
    }
  }
}
