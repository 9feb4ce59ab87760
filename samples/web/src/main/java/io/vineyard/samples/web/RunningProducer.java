package io.vineyard.samples.web;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.samples.SecondJvm;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import java.nio.file.Path;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A producer's process, and the stream of requests to it. */
final class RunningProducer {
  private final RecordBatchStream requests;
  private final StreamWriter<RecordBatch> writer;
  private final Process process;

  RunningProducer(ObjectStore store, Path socket, Path flights) throws IOException {
    this.requests = RecordBatchStream.create(store).block();
    this.writer = requests.writerNow();
    this.process = SecondJvm.start(Producer.class, socket, requests.id(), flights);
    process.onExit().thenRun(this::close);
  }

  ProducerState state() {
    boolean alive = process.isAlive();
    return new ProducerState(process.pid(), alive, alive ? null : process.exitValue());
  }

  /** Fails as soon as the process has ended. */
  <T> Mono<T> loss() {
    return Mono.fromFuture(process::onExit, true)
        .flatMap(ended -> Mono.error(new NoProducerException(state())));
  }

  /** Asks for flights in a stream; completes when the request is on its way. */
  Mono<Void> ask(ObjectId stream, long repeat) {
    return Flux.just(new Request(stream.toString(), repeat))
        .transform(RecordBatches.fromRows(Request.class, 1, writer.allocator()))
        .concatMap(writer::emit)
        .then();
  }

  /** Ends the process, with a signal that it can't ignore. */
  void kill() {
    process.destroyForcibly();
  }

  private void close() {
    writer.close();
    requests.drop().onErrorComplete().subscribe();
  }
}
