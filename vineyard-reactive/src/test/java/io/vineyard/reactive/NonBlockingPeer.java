package io.vineyard.reactive;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.BatchBuilder;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.process.ParentLines;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.arrow.vector.BigIntVector;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Does whatever users do on threads that must not block, while each blocking call is noted. */
final class NonBlockingPeer {
  private static final int BATCHES = 2000;
  private static final Queue<Throwable> FOUND = new ConcurrentLinkedQueue<>();

  private NonBlockingPeer() {}

  public static void main(String[] arguments) throws InterruptedException {
    BlockHound.builder()
        .loadIntegrations()
        .blockingMethodCallback(method -> FOUND.add(new BlockingOperationError(method)))
        .install();
    ParentLines.say("watching");
    CountDownLatch parked = new CountDownLatch(1);
    Schedulers.parallel()
        .schedule(
            () -> {
              LockSupport.parkNanos(1);
              parked.countDown();
            });
    parked.await();
    ParentLines.say(FOUND.isEmpty() ? "a park is not found" : "a park is found");
    FOUND.clear();
    try (ObjectStore store = EmbeddedStore.create().capacity(64 << 20).open();
        ObjectStore other = Waits.value(store.fork())) {
      use(store, other);
    }
    Path socket = Path.of(arguments[0]);
    BoundServer server = VineyardServer.create().socket(socket).capacity(64 << 20).bindNow();
    try (ObjectStore local = server.connectNow();
        ObjectStore remote = VineyardClient.create().socket(socket).connectNow()) {
      use(local, remote);
      use(remote, local);
    }
    server.disposeNow(Waits.PATIENCE);
    ParentLines.say("done");
    FOUND.forEach(NonBlockingPeer::print);
    ParentLines.say("found " + FOUND.size());
  }

  private static void print(Throwable found) {
    System.err.println(found.getMessage());
    Stream.of(found.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("io.vineyard."))
        .limit(6)
        .forEach(frame -> System.err.println("  at " + frame));
  }

  private static void use(ObjectStore writers, ObjectStore readers) {
    for (int round = 0; round < 2; round++) {
      Mono.defer(() -> stream(writers, readers))
          .then(Mono.defer(() -> objects(writers, readers)))
          .then(Mono.defer(() -> forks(readers)))
          .subscribeOn(Schedulers.parallel())
          .block(Waits.PATIENCE);
    }
    Waits.untilIdle(writers);
  }

  private static Mono<Void> stream(ObjectStore writers, ObjectStore readers) {
    return RecordBatchStream.create(writers, StreamSpec.named("s").windowChunks(16))
        .flatMap(
            stream ->
                stream
                    .writer()
                    .flatMap(
                        writer ->
                            Mono.when(
                                write(writer).then(writer.onDrained()),
                                RecordBatchStream.open(readers, "s", Duration.ofSeconds(5))
                                    .flatMapMany(read -> read.reader(Batches::sum))
                                    .count())));
  }

  private static Mono<Void> write(StreamWriter<RecordBatch> writer) {
    BatchBuilder built = BatchBuilder.of(Batches.SCHEMA, writer.allocator());
    return writer.write(
        Flux.range(0, BATCHES)
            .map(
                i ->
                    i % 2 == 0
                        ? built.build(100, columns -> ((BigIntVector) columns.get(0)).set(0, i))
                        : Batches.counting(Batches.FOREIGN, i, 1000)));
  }

  private static Mono<Void> objects(ObjectStore writers, ObjectStore readers) {
    return Mono.defer(() -> writers.put(Batches.counting(Batches.FOREIGN, 1, 1000)))
        .flatMap(
            id ->
                readers
                    .get(id, RecordBatch.LAYOUT)
                    .doOnNext(RecordBatch::close)
                    .then(writers.putName(id, "n"))
                    .then(readers.getName("n"))
                    .then(readers.list("*", 10).then())
                    .then(readers.status())
                    .then(writers.delete(id)));
  }

  private static Mono<Void> forks(ObjectStore store) {
    return store.fork().doOnNext(ObjectStore::close).then();
  }
}
