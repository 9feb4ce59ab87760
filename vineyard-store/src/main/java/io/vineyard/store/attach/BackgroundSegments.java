package io.vineyard.store.attach;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.SegmentSource;
import io.vineyard.store.memory.Segment;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Makes segments on a thread that may take its time, and hands them over on the tables' thread. */
public final class BackgroundSegments implements SegmentSource {
  private final Executor worker;
  private final Executor loop;

  /**
   * Makes a source.
   *
   * @param worker may block for as long as it takes to reserve memory
   * @param loop runs tasks on the thread that owns the tables
   */
  public BackgroundSegments(Executor worker, Executor loop) {
    this.worker = worker;
    this.loop = loop;
  }

  @Override
  public void create(long capacityBytes, Done done) {
    execute(() -> make(capacityBytes, done), done);
  }

  @Override
  public void refill(Segment segment, Done done) {
    execute(() -> refillNow(segment, done), done);
  }

  private void refillNow(Segment segment, Done done) {
    VineyardException failure = null;
    try {
      segment.reserve();
    } catch (VineyardException e) {
      failure = e;
    }
    handOver(done, null, failure);
  }

  private void execute(Runnable task, Done done) {
    try {
      worker.execute(task);
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      // The latter is how a JVM says that it cannot start a thread.
      done.complete(
          null,
          VineyardException.of(
              ErrorCode.LIMIT_REACHED,
              "expected a thread to make a segment: " + e.getMessage(),
              e));
    }
  }

  private void make(long capacityBytes, Done done) {
    Segment segment;
    try {
      segment = Segment.create("vineyard", capacityBytes);
    } catch (VineyardException e) {
      handOver(done, null, e);
      return;
    }
    handOver(done, segment, null);
  }

  private void handOver(Done done, @Nullable Segment segment, @Nullable VineyardException failure) {
    try {
      loop.execute(() -> done.complete(segment, failure));
    } catch (RejectedExecutionException e) {
      if (segment != null) {
        segment.close();
      }
    }
  }
}
