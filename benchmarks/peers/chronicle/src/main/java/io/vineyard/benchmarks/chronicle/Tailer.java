package io.vineyard.benchmarks.chronicle;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.Round;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.threads.Pauser;
import net.openhft.chronicle.wire.DocumentContext;

/** Reads batches in place. */
final class Tailer implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final ChronicleQueue queue;
  private final ExcerptTailer tailer;
  private final Round round;
  private final Pauser pauser = Pauser.balanced();

  Tailer(Path path, Round round) {
    this.queue = Appender.open(path);
    this.tailer = queue.createTailer();
    this.round = round;
  }

  /** Waits for a batch and checks it; returns false at the end. */
  boolean read(Arrivals arrivals) {
    long deadline = 0;
    while (true) {
      try (DocumentContext document = tailer.readingDocument()) {
        if (document.isPresent()) {
          pauser.reset();
          return check(document.wire().bytes(), arrivals);
        }
      }
      if (deadline == 0) {
        deadline = System.nanoTime() + PATIENCE_NANOS;
      } else if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("expected a batch within 30 s, got none");
      }
      pauser.pause();
    }
  }

  private boolean check(Bytes<?> bytes, Arrivals arrivals) {
    if (bytes.readRemaining() == Appender.END_BYTES) {
      return false;
    }
    long number = arrivals.next();
    Columns.require("bytes", bytes.readRemaining(), round.batchBytes(), number);
    Columns.checkAll(round, bytes.addressForRead(bytes.readPosition()), number);
    return true;
  }

  @Override
  public void close() {
    tailer.close();
    queue.close();
  }
}
