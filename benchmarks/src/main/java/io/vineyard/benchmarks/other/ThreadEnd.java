package io.vineyard.benchmarks.other;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import java.time.Duration;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The same pipeline within one JVM: batches in Arrow's own memory go to another thread. */
public final class ThreadEnd implements End {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final BufferAllocator allocator = new RootAllocator();
  private final Scheduler there = Schedulers.newSingle("there");
  private final Scheduler back = Schedulers.newSingle("back");

  private ThreadEnd() {}

  /** Runs both ends. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, line -> new ThreadEnd());
  }

  @Override
  public Line on(Line line) {
    Round round = Round.of(line);
    Line done = round.work() == Work.LATENCY ? ping(round) : pass(round);
    if (allocator.getAllocatedMemory() != 0) {
      throw new IllegalStateException("expected all memory back, got " + allocator);
    }
    return done;
  }

  private Line pass(Round round) {
    Arrivals arrivals = new Arrivals();
    Round.Clock clock = round.start();
    Flux.<VectorSchemaRoot, Long>generate(
            () -> 0L,
            (number, sink) -> {
              if (clock.isOver(number)) {
                sink.complete();
              } else {
                sink.next(Vectors.build(allocator, round, number));
              }
              return number + 1;
            })
        .publishOn(there)
        .doOnNext(root -> check(root, round, arrivals.next()))
        .blockLast(PATIENCE.plusMillis(round.millis()));
    return arrivals.done();
  }

  private static void check(VectorSchemaRoot root, Round round, long number) {
    try (root) {
      Vectors.check(root.getFieldVectors(), round, number);
    }
  }

  private Line ping(Round round) {
    Latencies latencies = new Latencies();
    Round.Clock clock = round.start();
    Sinks.Many<VectorSchemaRoot> sink = Sinks.many().unicast().onBackpressureBuffer();
    long[] state = new long[2]; // the number of the batch, and when it was sent
    Flux<VectorSchemaRoot> echo =
        sink.asFlux()
            .publishOn(there)
            .map(
                root -> {
                  check(root, round, state[0]);
                  return Vectors.build(allocator, round, state[0]);
                })
            .publishOn(back)
            .doOnNext(
                root -> {
                  check(root, round, state[0]);
                  latencies.add(System.nanoTime() - state[1]);
                  state[0]++;
                  send(sink, round, clock, state);
                });
    send(sink, round, clock, state);
    echo.blockLast(PATIENCE.plusMillis(round.millis()));
    return latencies.done();
  }

  private void send(
      Sinks.Many<VectorSchemaRoot> sink, Round round, Round.Clock clock, long[] state) {
    if (clock.isOver(state[0])) {
      sink.tryEmitComplete().orThrow();
      return;
    }
    state[1] = System.nanoTime();
    sink.tryEmitNext(Vectors.build(allocator, round, state[0])).orThrow();
  }

  @Override
  public void close() {
    there.dispose();
    back.dispose();
    allocator.close();
  }
}
