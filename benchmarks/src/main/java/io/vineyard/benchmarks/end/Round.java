package io.vineyard.benchmarks.end;

/**
 * One round: a writer sends batches for a while, a reader checks them.
 *
 * @param id its number, counted by the orchestrator
 * @param work what is done with each batch
 * @param batchBytes the bytes of the values of a batch
 * @param millis how long batches are made
 * @param count the most batches to make
 */
public record Round(long id, Work work, int batchBytes, long millis, long count) {
  /** The verb of lines with rounds. */
  public static final String VERB = "round";

  /** So that a round has a rate and a latency, however slow the first batch is. */
  private static final int LEAST_COUNT = 4;

  private static final int CLOCK_MASK = 63;
  private static final int LARGE_BYTES = 1 << 20;

  /** Reads a round. */
  public static Round of(Line line) {
    return new Round(
        line.number("id"),
        Work.valueOf(line.text("work")),
        (int) line.number("bytes"),
        line.number("millis"),
        line.number("count"));
  }

  /** Returns what {@link #of} reads. */
  public Line toLine() {
    return Line.of(VERB)
        .with("id", id)
        .with("work", work)
        .with("bytes", batchBytes)
        .with("millis", millis)
        .with("count", count);
  }

  /** Returns the values of a column. */
  public int rows() {
    return batchBytes / Columns.COUNT / Long.BYTES;
  }

  /** Returns the bytes of a column. */
  public int columnBytes() {
    return batchBytes / Columns.COUNT;
  }

  /** Begins to count time. */
  public Clock start() {
    return new Clock(this);
  }

  /** Says when a writer has made enough batches. */
  public static final class Clock {
    private final Round round;
    private final int mask;
    private final long endNanos;

    private Clock(Round round) {
      this.round = round;
      this.mask = round.batchBytes >= LARGE_BYTES || round.work == Work.LATENCY ? 0 : CLOCK_MASK;
      this.endNanos = System.nanoTime() + round.millis * 1_000_000;
    }

    /** Returns whether this batch is one too many. */
    public boolean isOver(long number) {
      return number >= round.count
          || (number >= LEAST_COUNT && (number & mask) == 0 && System.nanoTime() - endNanos >= 0);
    }
  }
}
