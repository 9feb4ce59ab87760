package io.vineyard.samples.pipeline;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.RecordBatches;
import io.vineyard.samples.pipeline.Rows.Group;
import io.vineyard.samples.pipeline.Rows.Progress;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Three processes at work, as their parent sees them. Whoever starts it closes it. */
final class Run implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration PER_TABLE =
      Boolean.getBoolean("samples.terminal") ? Duration.ofMillis(200) : Duration.ofSeconds(1);

  private final ObjectStore store;
  private final List<StageProcess> processes = new ArrayList<>();
  private final Map<Stage, RecordBatchStream> written = new EnumMap<>(Stage.class);
  private final Map<Stage, Long> rows = new EnumMap<>(Stage.class);
  private final ProgressTable table = new ProgressTable(processes);

  Run(ObjectStore store, int windowChunks) {
    this.store = store;
    for (Stage stage : Stage.values()) {
      rows.put(stage, 0L);
      written.put(stage, create(StreamSpec.named(stage.title()).windowChunks(windowChunks)));
      create(StreamSpec.named(StageProcess.reports(stage)));
    }
  }

  private RecordBatchStream create(StreamSpec spec) {
    return RecordBatchStream.create(store, spec).block(PATIENCE);
  }

  /** Starts the stages, and answers with what comes out of the last one. */
  List<Group> groups(Path socket, Path flights, long repeat) throws IOException {
    for (Stage stage : Stage.values()) {
      processes.add(StageProcess.start(stage, socket, flights, repeat));
    }
    Mono<Void> reports =
        Flux.fromArray(Stage.values()).flatMap(this::reports).doOnNext(this::keep).then().cache();
    Disposable printing =
        Flux.interval(PER_TABLE).onBackpressureDrop().concatMap(tick -> print()).subscribe();
    try {
      // The first that ends badly is the one at fault; what it does to the others comes later.
      Mono<List<Group>> loss =
          Flux.merge(processes.stream().map(StageProcess::end).toList()).then(Mono.never());
      Mono<List<Group>> result =
          Mono.zip(groups(), reports.thenReturn(true), (groups, reported) -> groups)
              .onErrorResume(error -> loss.timeout(PATIENCE, Mono.error(error)));
      return Mono.firstWithSignal(result, loss).block();
    } finally {
      printing.dispose();
      print().block(PATIENCE);
    }
  }

  private Mono<List<Group>> groups() {
    return written
        .get(Stage.SINK)
        .reader()
        .transform(RecordBatches.toRows(Group.class))
        .collectList();
  }

  private Flux<Progress> reports(Stage stage) {
    return RecordBatchStream.open(store, StageProcess.reports(stage))
        .flatMapMany(RecordBatchStream::reader)
        .transform(RecordBatches.toRows(Progress.class));
  }

  private synchronized void keep(Progress progress) {
    rows.put(progress.stage(), progress.rows());
  }

  private Mono<Void> print() {
    return Flux.fromIterable(written.entrySet())
        .concatMap(
            entry ->
                entry
                    .getValue()
                    .info()
                    // it is gone when its reader has come to its end
                    .onErrorResume(e -> Mono.justOrEmpty(table.lastWritten(entry.getKey())))
                    .doOnNext(info -> add(entry.getKey(), info)))
        .then(Mono.fromRunnable(table::print));
  }

  private synchronized void add(Stage stage, StreamInfo info) {
    table.add(stage, new ProgressTable.Sample(System.nanoTime(), rows.get(stage), info));
  }

  @Override
  public void close() {
    processes.forEach(stage -> stage.process().destroy());
  }
}
