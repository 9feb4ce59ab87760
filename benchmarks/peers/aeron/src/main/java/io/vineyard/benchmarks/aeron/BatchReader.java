package io.vineyard.benchmarks.aeron;

import io.aeron.FragmentAssembler;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import io.aeron.logbuffer.Header;
import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.IdleStrategy;

/** Reads batches, in place if they came in one claim; else as Aeron assembles them. */
final class BatchReader implements AutoCloseable {
  private static final int FRAGMENTS = 64;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Subscription subscription;
  private final Round round;
  private final FragmentHandler handler;
  private final IdleStrategy idle = Batches.idleStrategy();
  private final Arrivals arrivals = new Arrivals();
  private long count;
  private int arrivedBytes;
  private boolean ended;

  BatchReader(Subscription subscription, Round round) {
    this.subscription = subscription;
    this.round = round;
    this.handler = new FragmentAssembler(this::onMessage, 0, true); // direct, for its address
  }

  Line readAll() {
    awaitEnd();
    return arrivals.done();
  }

  void awaitEnd() {
    poll(Long.MAX_VALUE);
    if (!ended) {
      throw new IllegalStateException("expected the end, got none");
    }
  }

  void awaitCount(long wanted) {
    poll(wanted);
    if (count < wanted) {
      throw new IllegalStateException("expected %d batches, got %d".formatted(wanted, count));
    }
  }

  boolean awaitCountOrEnd(long wanted) {
    poll(wanted);
    return count >= wanted;
  }

  private void poll(long wanted) {
    long deadline = 0;
    while (!ended && count < wanted) {
      int fragments = subscription.poll(handler, FRAGMENTS);
      idle.idle(fragments);
      if (fragments > 0) {
        deadline = 0;
      } else if (deadline == 0) {
        deadline = System.nanoTime() + PATIENCE_NANOS;
      } else if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("expected a batch within 30 s, got none");
      }
    }
  }

  private void onMessage(DirectBuffer buffer, int offset, int bytes, Header header) {
    if (bytes == Batches.END_BYTES) {
      ended = true;
    } else if (bytes == round.batchBytes()) {
      count = arrivals.next() + 1;
      Columns.checkAll(round, buffer.addressOffset() + offset, count - 1);
    } else {
      onPart(buffer.addressOffset() + offset, bytes);
    }
  }

  /** A batch longer than the longest message: its first and last value are checked in place. */
  private void onPart(long address, int bytes) {
    if (arrivedBytes == 0) {
      count = arrivals.next();
      Columns.check(round.work(), 0, address, round.rows(), count);
    }
    arrivedBytes += bytes;
    if (arrivedBytes == round.batchBytes()) {
      long last = address + bytes - round.columnBytes();
      Columns.check(round.work(), Columns.COUNT - 1, last, round.rows(), count);
      arrivedBytes = 0;
      count++;
    }
  }

  @Override
  public void close() {
    subscription.close();
  }
}
