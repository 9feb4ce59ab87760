package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.context.ContextRegistry;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/**
 * With automatic context propagation, operators around streams see a subscriber's thread-locals.
 */
class ContextPropagationTest {
  private static final String KEY = "user";
  private static final ThreadLocal<String> USER = new ThreadLocal<>();

  private final List<String> seen = new CopyOnWriteArrayList<>();
  private final ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open();
  private final RecordBatchStream stream =
      Waits.value(RecordBatchStream.create(store, StreamSpec.create().windowChunks(2)));
  private final StreamWriter<RecordBatch> writer = stream.writerNow();

  @BeforeEach
  void enable() {
    ContextRegistry.getInstance().registerThreadLocalAccessor(KEY, USER);
    Hooks.enableAutomaticContextPropagation();
  }

  @AfterEach
  void disable() {
    Hooks.disableAutomaticContextPropagation();
    ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
    Waits.untilIdle(store);
    store.close();
  }

  private void note() {
    seen.add(String.valueOf(USER.get()));
  }

  private Flux<RecordBatch> batches(int count) {
    return Flux.range(0, count).map(i -> Batches.counting(writer.allocator(), i, 1));
  }

  private void writeAll(int count) {
    writer.write(batches(count)).subscribe();
  }

  @Test
  void operatorsAfterAReaderSeeThem() {
    writeAll(5);
    stream
        .reader(Batches::sum)
        .doOnNext(any -> note())
        .publishOn(Schedulers.parallel())
        .doOnNext(any -> note())
        .doOnComplete(this::note)
        .contextWrite(Context.of(KEY, "ann"))
        .blockLast(Waits.PATIENCE);
    assertThat(seen).hasSize(11).containsOnly("ann");
  }

  @Test
  void functionsOfAReaderSeeThem() {
    writeAll(5);
    stream
        .reader(
            batch -> {
              note();
              return Batches.sum(batch);
            })
        .contextWrite(Context.of(KEY, "ann"))
        .blockLast(Waits.PATIENCE);
    assertThat(seen).hasSize(5).containsOnly("ann");
  }

  @Test
  void publisherThatIsWrittenSeesThem() {
    stream.reader(Batches::sum).subscribe();
    Mono<Void> written =
        writer
            .write(
                Flux.deferContextual(
                    context -> batches(9).doOnNext(any -> seen.add(context.get(KEY)))))
            .contextWrite(Context.of(KEY, "ann"));
    Waits.done(written);
    assertThat(seen).hasSize(9).containsOnly("ann");
  }

  /** Requests come from threads of the stream, as the window has room. */
  @Test
  void operatorsBeforeAWriteSeeThem() {
    stream.reader(Batches::sum).subscribe();
    writer
        .write(batches(9).doOnRequest(n -> note()).doOnNext(any -> note()))
        .doOnSuccess(end -> note())
        .contextWrite(Context.of(KEY, "ann"))
        .block(Waits.PATIENCE);
    assertThat(seen).hasSizeGreaterThan(10).containsOnly("ann");
  }

  @Test
  void operatorsAroundAnEmitSeeThem() {
    Flux.range(0, 5)
        .concatMap(
            i ->
                Mono.fromCallable(() -> Batches.counting(writer.allocator(), i, 1))
                    .doOnNext(any -> note())
                    .flatMap(writer::emit)
                    .doOnSuccess(any -> note()))
        .doOnComplete(writer::tryEmitComplete)
        .contextWrite(Context.of(KEY, "ann"))
        .subscribe();
    stream.reader(Batches::sum).blockLast(Waits.PATIENCE);
    Waits.until("both ends of all", () -> seen.size() == 10);
    assertThat(seen).containsOnly("ann");
  }

  @Test
  void operatorsAfterThoseOfBatchesSeeThem() {
    writeAll(6);
    stream
        .reader()
        .transform(RecordBatches.rebatch(2, Batches.FOREIGN))
        .doOnNext(any -> note())
        .transform(RecordBatches.limitRows(5))
        .doOnNext(any -> note())
        .transform(RecordBatches.toRows(Row.class))
        .doOnNext(any -> note())
        .contextWrite(Context.of(KEY, "ann"))
        .blockLast(Waits.PATIENCE);
    assertThat(seen).hasSizeGreaterThan(10).containsOnly("ann");
  }

  /** A row of {@link Batches}. */
  record Row(long x) {}
}
