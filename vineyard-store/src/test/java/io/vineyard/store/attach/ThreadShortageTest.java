package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** A JVM that cannot start one more thread. */
class ThreadShortageTest {
  private static Throwable noThread() {
    return new OutOfMemoryError("unable to create native thread");
  }

  private static Executor without(Supplier<Throwable> thread) {
    return task -> {
      Throwable error = thread.get();
      if (error instanceof OutOfMemoryError shortage) {
        throw shortage;
      }
      throw new RejectedExecutionException(error);
    };
  }

  /** Keeps what it could not run, as thread pools do. */
  private record Keeping(List<Runnable> kept) implements Scheduler {
    @Override
    public Disposable schedule(Runnable task) {
      kept.add(task);
      throw (OutOfMemoryError) noThread();
    }

    @Override
    public Worker createWorker() {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void makingASegmentFails() {
    for (Supplier<Throwable> error :
        List.<Supplier<Throwable>>of(
            ThreadShortageTest::noThread, () -> new IllegalStateException("the pool is full"))) {
      List<VineyardException> failures = new ArrayList<>();
      new BackgroundSegments(without(error), Runnable::run)
          .create(4096, (segment, failure) -> failures.add(failure));
      assertThat(failures).hasSize(1);
      assertThat(failures.get(0).code()).isEqualTo(ErrorCode.LIMIT_REACHED);
    }
  }

  @Test
  void mappingASegmentFails() {
    int before = Segment.openCount();
    SegmentCache cache = new SegmentCache(without(ThreadShortageTest::noThread));
    MappedSegment mapped = cache.lease(1, Segment.create("test", 4096));
    assertThat(mapped.failure().code()).isEqualTo(ErrorCode.LIMIT_REACHED);
    mapped.release();
    cache.close();
    assertThat(Segment.openCount()).isEqualTo(before);
  }

  @Test
  void segmentThatComesAfterTheEndIsNotMapped() {
    int before = Segment.openCount();
    SegmentCache cache = new SegmentCache(Runnable::run);
    cache.close();
    MappedSegment mapped = cache.lease(1, Segment.create("test", 4096));
    assertThat(mapped.failure().code()).isEqualTo(ErrorCode.STORE_LOST);
    mapped.release();
    assertThat(Segment.openCount()).isEqualTo(before);
  }

  @Test
  void resultThatNeedsAThreadFails() {
    Mono<String> result =
        Handover.mono(
            Schedulers.parallel(),
            handover -> {
              throw (OutOfMemoryError) noThread();
            },
            value -> {});
    assertThat(Waits.error(result).code()).isEqualTo(ErrorCode.LIMIT_REACHED);
  }

  @Test
  void subscriberIsServedOnceAndWithoutAThread() {
    List<Runnable> kept = new ArrayList<>();
    List<String> undone = new ArrayList<>();
    Mono<String> result =
        Handover.mono(new Keeping(kept), handover -> handover.complete("it"), undone::add);
    assertThat(result.block(Waits.PATIENCE)).isEqualTo("it");
    assertThat(kept).hasSize(1);
    kept.get(0).run();
    assertThat(undone).isEmpty();
    Mono<String> failing =
        Handover.mono(
            new Keeping(kept),
            handover -> handover.fail(VineyardException.of(ErrorCode.TIMEOUT, "late")),
            undone::add);
    assertThatThrownBy(() -> failing.block(Waits.PATIENCE)).hasMessage("late");
  }
}
