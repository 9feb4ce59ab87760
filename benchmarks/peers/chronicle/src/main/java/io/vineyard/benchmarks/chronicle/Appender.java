package io.vineyard.benchmarks.chronicle;

import io.vineyard.benchmarks.end.Columns;
import io.vineyard.benchmarks.end.Round;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/** Writes batches in place. The end is a document of one byte. */
final class Appender implements AutoCloseable {
  static final int END_BYTES = 1;
  private static final long BLOCK_BYTES = 256L << 20;

  private final ChronicleQueue queue;
  private final ExcerptAppender appender;
  private final Round round;

  Appender(Path path, Round round) {
    this.queue = open(path);
    this.appender = queue.createAppender();
    this.round = round;
  }

  /** Opens a queue in blocks of at least four times the largest batch, as its makers advise. */
  static ChronicleQueue open(Path path) {
    return SingleChronicleQueueBuilder.binary(path.toFile()).blockSize(BLOCK_BYTES).build();
  }

  void write(long number) {
    try (DocumentContext document = appender.writingDocument()) {
      Bytes<?> bytes = document.wire().bytes();
      long position = bytes.writePosition();
      bytes.ensureCapacity(position + round.batchBytes());
      Columns.fillAll(round, bytes.addressForWrite(position), number);
      bytes.writePosition(position + round.batchBytes());
    }
  }

  void writeEnd() {
    try (DocumentContext document = appender.writingDocument()) {
      document.wire().bytes().writeByte((byte) 0);
    }
  }

  @Override
  public void close() {
    appender.close();
    queue.close();
  }
}
