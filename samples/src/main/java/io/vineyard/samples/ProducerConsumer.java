package io.vineyard.samples;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Passes 10 random batches from a producer to a consumer. */
@Command(
    name = "producer-consumer",
    description = "Passes 10 random batches from a producer to a consumer.")
final class ProducerConsumer implements Callable<Integer> {
  private static final int BATCHES = 10;
  private static final int ROWS = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("a", new ArrowType.Int(Long.SIZE, true)),
              Field.nullable("b", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
              Field.nullable("c", ArrowType.Bool.INSTANCE)));

  @Option(
      names = "--server",
      paramLabel = "SOCKET",
      description = "Takes the store of a running server.")
  private @Nullable Path server;

  /** What was produced, to be compared with what arrives. */
  private final BlockingQueue<RecordBatch> produced = new ArrayBlockingQueue<>(BATCHES);

  @Override
  public Integer call() {
    try (ObjectStore store =
            server == null
                ? EmbeddedStore.create().open()
                : VineyardClient.create().socket(server).connectNow();
        ObjectStore producersStore = store.fork().block(PATIENCE);
        ObjectStore consumersStore = store.fork().block(PATIENCE)) {
      RecordBatchStream stream = RecordBatchStream.create(store).block(PATIENCE);
      // each end has a thread of its own
      Mono<Void> producer =
          RecordBatchStream.open(producersStore, stream.id())
              .flatMap(this::produce)
              .subscribeOn(Schedulers.newSingle("producer", true));
      Mono<Long> consumer =
          RecordBatchStream.open(consumersStore, stream.id())
              .flatMap(this::consume)
              .subscribeOn(Schedulers.newSingle("consumer", true));
      long equal = Mono.zip(producer.thenReturn(true), consumer).block(PATIENCE).getT2();
      System.out.println(equal + " of " + BATCHES + " batches arrived as they were produced");
      return equal == BATCHES ? 0 : 1;
    }
  }

  private Mono<Void> produce(RecordBatchStream stream) {
    return stream.writer().flatMap(writer -> writer.write(randomBatches(writer)));
  }

  private Flux<RecordBatch> randomBatches(StreamWriter<RecordBatch> writer) {
    Random random = new Random();
    return Flux.range(0, BATCHES)
        .map(index -> randomBatch(random, writer.allocator()))
        .doOnNext(batch -> produced.add(batch.share()));
  }

  private static RecordBatch randomBatch(Random random, BufferAllocator allocator) {
    VectorSchemaRoot root = VectorSchemaRoot.create(SCHEMA, allocator);
    for (int row = 0; row < ROWS; row++) {
      ((BigIntVector) root.getVector("a")).setSafe(row, random.nextLong());
      ((Float8Vector) root.getVector("b")).setSafe(row, random.nextDouble());
      ((BitVector) root.getVector("c")).setSafe(row, random.nextBoolean() ? 1 : 0);
    }
    root.setRowCount(ROWS);
    return RecordBatch.of(root);
  }

  private Mono<Long> consume(RecordBatchStream stream) {
    return stream.reader(this::isAsProduced).filter(equal -> equal).count();
  }

  private boolean isAsProduced(RecordBatch batch) {
    System.out.print(batch);
    try (RecordBatch expected = produced.remove()) {
      return batch.hasSameContent(expected);
    }
  }
}
