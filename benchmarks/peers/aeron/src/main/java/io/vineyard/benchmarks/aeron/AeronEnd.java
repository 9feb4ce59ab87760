package io.vineyard.benchmarks.aeron;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * One end of Aeron IPC; the writer has the driver in its process: {@code writer|reader dir=FOLDER}.
 */
public final class AeronEnd implements End {
  private static final int THERE = 1000;
  private static final int BACK = 2000;
  private static final int MTU_BYTES = 65_504;

  private final boolean isWriter;
  private final DriverIdle driverIdle = new DriverIdle();
  private final @Nullable MediaDriver driver;
  private final Aeron aeron;

  private AeronEnd(Line arguments) {
    this.isWriter = arguments.verb().equals("writer");
    Path folder = Path.of(arguments.text("dir"), "aeron");
    this.driver = isWriter ? launch(folder.toString()) : null;
    this.aeron = Aeron.connect(new Aeron.Context().aeronDirectoryName(folder.toString()));
  }

  private MediaDriver launch(String folder) {
    return MediaDriver.launch(
        new MediaDriver.Context()
            .aeronDirectoryName(folder)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .threadingMode(ThreadingMode.SHARED)
            .sharedIdleStrategy(driverIdle)
            .ipcMtuLength(MTU_BYTES)
            .performStorageChecks(false));
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, AeronEnd::new);
  }

  @Override
  public Line on(Line line) {
    Round round = Round.of(line);
    driverIdle.setBusy(true);
    try (Batches out = round.work() == Work.LATENCY || isWriter ? writer(round) : null;
        BatchReader in = round.work() == Work.LATENCY || !isWriter ? reader(round) : null) {
      if (round.work() == Work.LATENCY) {
        return isWriter ? ping(round, out, in) : echo(out, in);
      }
      return isWriter ? out.writeAll() : in.readAll();
    } finally {
      driverIdle.setBusy(false);
    }
  }

  private Batches writer(Round round) {
    ExclusivePublication publication =
        aeron.addExclusivePublication(channel(round), isWriter ? THERE : BACK);
    return new Batches(publication, round);
  }

  private BatchReader reader(Round round) {
    Subscription subscription = aeron.addSubscription(channel(round), isWriter ? BACK : THERE);
    return new BatchReader(subscription, round);
  }

  private static Line ping(Round round, Batches out, BatchReader in) {
    Latencies latencies = new Latencies();
    Round.Clock clock = round.start();
    long number = 0;
    while (!clock.isOver(number)) {
      long start = System.nanoTime();
      out.write(number++);
      in.awaitCount(number);
      if (number > 1) {
        latencies.add(System.nanoTime() - start);
      }
    }
    out.writeEnd();
    in.awaitEnd();
    return latencies.done();
  }

  private static Line echo(Batches out, BatchReader in) {
    long number = 0;
    while (in.awaitCountOrEnd(number + 1)) {
      out.write(number++);
    }
    out.writeEnd();
    out.awaitRead();
    return Line.of(EndLoop.DONE).with("count", number);
  }

  private static String channel(Round round) {
    return CommonContext.IPC_CHANNEL
        + "?term-length="
        + Batches.termBytes(round)
        + "|mtu="
        + MTU_BYTES
        + "|session-id="
        + round.id();
  }

  @Override
  public void close() {
    aeron.close();
    if (driver != null) {
      driver.close();
    }
  }

  /** Sleeps between rounds, so that nobody else is disturbed; backs off quickly within them. */
  private static final class DriverIdle implements IdleStrategy {
    private static final long BUSY_NANOS = 20_000;
    private static final long IDLE_NANOS = 5_000_000;

    private volatile long nanos = IDLE_NANOS;

    void setBusy(boolean busy) {
      nanos = busy ? BUSY_NANOS : IDLE_NANOS;
    }

    @Override
    public void idle(int workCount) {
      if (workCount == 0) {
        idle();
      }
    }

    @Override
    public void idle() {
      LockSupport.parkNanos(nanos);
    }

    @Override
    public void reset() {}
  }
}
