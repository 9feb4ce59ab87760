package io.vineyard.benchmarks.flight;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.arrow.flight.BackpressureStrategy;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Writes the batches of the round that a reader asks for. */
final class Writing extends NoOpFlightProducer {
  private static final long PATIENCE_MILLIS = 60_000;

  private final BufferAllocator allocator;
  private final BlockingQueue<Long> ended = new LinkedBlockingQueue<>();
  private final ExecutorService threads =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "writer");
            thread.setDaemon(true);
            return thread;
          });

  Writing(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /** Waits until a reader has been served. */
  Line awaitEnd() throws InterruptedException, TimeoutException {
    Long count = ended.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    if (count == null) {
      throw new TimeoutException("expected a reader to ask for a round");
    }
    return Line.of(EndLoop.DONE).with("count", count);
  }

  @Override
  public void getStream(CallContext context, Ticket ticket, ServerStreamListener out) {
    Round round = Round.of(Line.parse(new String(ticket.getBytes(), StandardCharsets.UTF_8)));
    // The thread of the call must be free to hear that the reader has room.
    threads.execute(() -> write(round, out));
  }

  private void write(Round round, ServerStreamListener out) {
    var backpressure = new BackpressureStrategy.CallbackBackpressureStrategy();
    backpressure.register(out);
    long number = 0;
    try (VectorSchemaRoot root = VectorSchemaRoot.create(Vectors.SCHEMA, allocator)) {
      // Every batch takes memory anew, so that what is sent needs no copy.
      out.setUseZeroCopy(true);
      out.start(root);
      Round.Clock clock = round.start();
      while (!clock.isOver(number)) {
        Vectors.fill(root, round, number++);
        var result = backpressure.waitForListener(PATIENCE_MILLIS);
        if (result != BackpressureStrategy.WaitResult.READY) {
          throw CallStatus.TIMED_OUT.withDescription("reader is " + result).toRuntimeException();
        }
        out.putNext();
      }
      out.completed();
    } catch (RuntimeException e) {
      out.error(e);
    } finally {
      ended.add(number);
    }
  }

  @Override
  public void doExchange(CallContext context, FlightStream in, ServerStreamListener out) {
    Round round =
        Round.of(Line.parse(new String(in.getDescriptor().getCommand(), StandardCharsets.UTF_8)));
    long number = 0;
    try (VectorSchemaRoot root = VectorSchemaRoot.create(Vectors.SCHEMA, allocator)) {
      out.setUseZeroCopy(true);
      out.start(root);
      while (in.next()) {
        Vectors.check(in.getRoot().getFieldVectors(), round, number);
        Vectors.fill(root, round, number++);
        out.putNext();
      }
      out.completed();
    } finally {
      ended.add(number);
    }
  }
}
