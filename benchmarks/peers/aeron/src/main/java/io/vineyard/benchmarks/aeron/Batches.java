package io.vineyard.benchmarks.aeron;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes batches: into a claim if a batch fits one, else out of a buffer, in messages as long as
 * Aeron allows. The end is a message of one byte.
 */
final class Batches implements AutoCloseable {
  static final int END_BYTES = 1;
  private static final int LEAST_TERM_BYTES = 1 << 20;
  private static final int BATCHES_PER_TERM = 32;
  private static final int MOST_TERM_BYTES = 128 << 20;
  private static final int ALIGNMENT = 64;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final ExclusivePublication publication;
  private final Round round;
  private final boolean claims;
  private final BufferClaim claim = new BufferClaim();
  private final UnsafeBuffer large;
  private final IdleStrategy idle = idleStrategy();

  Batches(ExclusivePublication publication, Round round) {
    this.publication = publication;
    this.round = round;
    this.claims = round.batchBytes() <= publication.maxPayloadLength();
    int bytes = claims ? ALIGNMENT : round.batchBytes();
    this.large = new UnsafeBuffer(BufferUtil.allocateDirectAligned(bytes, ALIGNMENT));
  }

  /** How the ends wait within a round: first without sleeping, as Aeron's own samples do. */
  static IdleStrategy idleStrategy() {
    return new BackoffIdleStrategy(
        100, 10, TimeUnit.MICROSECONDS.toNanos(1), TimeUnit.MICROSECONDS.toNanos(100));
  }

  /** Long enough for many batches, and for the longest message, which is an eighth of a term. */
  static int termBytes(Round round) {
    long wanted = (long) BATCHES_PER_TERM * round.batchBytes();
    return BitUtil.findNextPositivePowerOfTwo(
        (int) Math.max(LEAST_TERM_BYTES, Math.min(MOST_TERM_BYTES, wanted)));
  }

  Line writeAll() {
    Round.Clock clock = round.start();
    long number = 0;
    while (!clock.isOver(number)) {
      write(number++);
    }
    writeEnd();
    awaitRead();
    return Line.of(EndLoop.DONE).with("count", number);
  }

  void write(long number) {
    if (claims) {
      long deadline = 0;
      while (publication.tryClaim(round.batchBytes(), claim) < 0) {
        deadline = pause(deadline);
      }
      Columns.fillAll(round, claim.buffer().addressOffset() + claim.offset(), number);
      claim.commit();
      return;
    }
    Columns.fillAll(round, large.addressOffset(), number);
    int most = publication.maxMessageLength();
    for (int from = 0; from < round.batchBytes(); from += most) {
      offer(large, from, Math.min(most, round.batchBytes() - from));
    }
  }

  void writeEnd() {
    offer(new UnsafeBuffer(new byte[END_BYTES]), 0, END_BYTES);
  }

  private void offer(UnsafeBuffer buffer, int offset, int bytes) {
    long deadline = 0;
    while (publication.offer(buffer, offset, bytes) < 0) {
      deadline = pause(deadline);
    }
  }

  /** Waits until the reader has left, and so has read all. */
  void awaitRead() {
    long deadline = 0;
    while (publication.isConnected()) {
      deadline = pause(deadline);
    }
  }

  private long pause(long deadline) {
    if (publication.isClosed()) {
      throw new IllegalStateException(
          "expected an open publication, got " + Publication.errorString(Publication.CLOSED));
    }
    long now = System.nanoTime();
    if (deadline != 0 && now - deadline > 0) {
      throw new IllegalStateException("expected a reader to make room, got none for 30 s");
    }
    idle.idle();
    return deadline == 0 ? now + PATIENCE_NANOS : deadline;
  }

  @Override
  public void close() {
    publication.close();
  }
}
