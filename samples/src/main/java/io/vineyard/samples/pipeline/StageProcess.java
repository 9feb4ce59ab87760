package io.vineyard.samples.pipeline;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.samples.SecondJvm;
import io.vineyard.samples.pipeline.Rows.Progress;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.ArrowFile;
import io.vineyard.store.client.VineyardClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** A stage in a process of its own. */
record StageProcess(Stage stage, Process process) {
  private static final Duration PER_REPORT = Duration.ofMillis(100);

  /** Starts the process of a stage. */
  static StageProcess start(Stage stage, Path socket, Path flights, long repeat)
      throws IOException {
    return new StageProcess(
        stage, SecondJvm.start(StageProcess.class, stage.name(), socket, flights, repeat));
  }

  /** Runs a stage: STAGE SOCKET FILE REPEAT. */
  public static void main(String[] args) {
    Stage stage = Stage.valueOf(args[0]);
    AtomicLong rows = new AtomicLong();
    try (ObjectStore store =
            VineyardClient.create().socket(Path.of(args[1])).name(stage.title()).connectNow();
        ArrowFile file = ArrowFile.open(Path.of(args[2]))) {
      Mono<Void> work =
          stage
              .run(store, file, Long.parseLong(args[3]), rows)
              .subscribeOn(Schedulers.boundedElastic());
      report(store, stage, rows, work).block();
    } catch (VineyardException e) {
      // The one whose fault it is has told the parent, or has left.
      System.exit(1);
    }
    System.exit(0);
  }

  /** Writes how far it is in a stream of its own, until the work is done. */
  private static Mono<Void> report(
      ObjectStore store, Stage stage, AtomicLong rows, Mono<Void> work) {
    Mono<Void> done = work.cache();
    Flux<Progress> reports =
        Flux.interval(Duration.ZERO, PER_REPORT)
            .onBackpressureDrop()
            .map(tick -> new Progress(stage, rows.get()))
            .takeUntilOther(done)
            .concatWith(Mono.fromSupplier(() -> new Progress(stage, rows.get())));
    return Mono.usingWhen(
            RecordBatchStream.open(store, reports(stage)).flatMap(RecordBatchStream::writer),
            writer ->
                writer
                    .write(
                        reports.transform(
                            RecordBatches.fromRows(Progress.class, 1, writer.allocator())))
                    .then(writer.onDrained()),
            writer -> Mono.fromRunnable(writer::close))
        .then(done);
  }

  /** Returns the name of the stream of a stage's reports. */
  static String reports(Stage stage) {
    return stage.title() + "-reports";
  }

  /** Fails if the process ends otherwise than well. */
  Mono<Void> end() {
    return Mono.fromFuture(process::onExit, true).flatMap(ended -> judge(ended.exitValue()));
  }

  private Mono<Void> judge(int exitCode) {
    if (exitCode == 0) {
      return Mono.empty();
    }
    String how =
        exitCode > 128
            ? "was killed by signal " + (exitCode - 128)
            : "ended with exit code " + exitCode;
    return Mono.error(
        new IllegalStateException(
            "the stage %s, process %d, %s".formatted(stage.title(), process.pid(), how)));
  }
}
