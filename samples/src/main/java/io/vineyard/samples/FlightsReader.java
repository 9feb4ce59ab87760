package io.vineyard.samples;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.time.Duration;

/** The reader of {@link Quickstart}: sums columns, and prints what happened. */
final class FlightsReader {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final long FILE_ROWS = 200_000;
  private static final long FILE_DELAY = 1_500_159;
  private static final long FILE_DISTANCE = 145_847_125;
  private static final int SHOWN_ROWS = 5;
  private static final int PROGRESS_BATCHES = 1000;
  private static final double MEGA = 1e6;

  private final ObjectStore store;
  private final int repeat;
  private final String writer;
  private final boolean terminal = Boolean.getBoolean("samples.terminal");

  private long batches;
  private long copied;
  private long bytes;
  private long rows;
  private long delay;
  private long distance;
  private long startNanos;

  FlightsReader(ObjectStore store, int repeat, String writer) {
    this.store = store;
    this.repeat = repeat;
    this.writer = writer;
  }

  /** Reads in a process of its own: SOCKET STREAM REPEAT. */
  public static void main(String[] args) {
    int exitCode;
    try (ObjectStore store = VineyardClient.create().socket(Path.of(args[0])).connectNow()) {
      long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
      RecordBatchStream stream =
          RecordBatchStream.open(store, ObjectId.parse(args[1])).block(PATIENCE);
      exitCode =
          new FlightsReader(store, Integer.parseInt(args[2]), "process " + parent).read(stream);
    } catch (VineyardException e) {
      System.err.println("the reader stopped: " + e.getMessage());
      exitCode = 1;
    }
    System.exit(exitCode);
  }

  /** Reads to the end, and returns 0 if the sums are right. */
  int read(RecordBatchStream stream) {
    System.out.println("writer: " + writer + ", reader: process " + ProcessHandle.current().pid());
    stream.reader(this::add).blockLast();
    double seconds = Math.max(1, System.nanoTime() - startNanos) / 1e9;
    if (terminal) {
      System.out.print("\r");
    }
    System.out.printf("batches: %d, of which copied: %d%n", batches, copied);
    System.out.printf(
        "store memory: at most %.1f MB at a time%n",
        store.status().block(PATIENCE).peakBytes() / MEGA);
    System.out.printf(
        "rate: %.0f batches/s, %.0f MB/s%n", batches / seconds, bytes / seconds / MEGA);
    System.out.printf("%d rows, sum(delay) = %d, sum(distance) = %d%n", rows, delay, distance);
    boolean isRight =
        rows == repeat * FILE_ROWS
            && delay == repeat * FILE_DELAY
            && distance == repeat * FILE_DISTANCE;
    if (!isRight) {
      System.err.printf("expected %d times the sums of one file%n", repeat);
    }
    return isRight ? 0 : 1;
  }

  private Long add(RecordBatch batch) {
    if (batches == 0) {
      startNanos = System.nanoTime();
      System.out.println("schema: " + batch.schema());
      System.out.print(batch.toTable(SHOWN_ROWS));
    }
    batches++;
    copied += batch.wasCopied() ? 1 : 0;
    bytes += batch.sizeBytes();
    rows += batch.rowCount();
    delay += sum(batch.values("delay").asShortBuffer());
    distance += sum(batch.values("distance").asShortBuffer());
    if (terminal && batches % PROGRESS_BATCHES == 0) {
      System.out.printf("\r%d batches", batches);
    }
    return rows;
  }

  /** Sums a column that has no nulls, in place. */
  private static long sum(ShortBuffer column) {
    long sum = 0;
    for (int row = 0; row < column.limit(); row++) {
      sum += column.get(row);
    }
    return sum;
  }
}
