package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.IntSupplier;

/**
 * Reads files and streams of which nobody knows what is in them, up to the last value. Either there
 * is an error that says what is wrong, or all can be read; in both cases nothing is left.
 */
final class IpcReading {
  /** What {@link #harmless} returns for bytes that were refused. */
  static final int REFUSED = -1;

  private static final Set<ErrorCode> CODES =
      EnumSet.of(
          ErrorCode.ARROW_ERROR,
          ErrorCode.END_OF_FILE,
          ErrorCode.UNSUPPORTED,
          ErrorCode.LIMIT_REACHED,
          ErrorCode.NOT_ENOUGH_MEMORY);

  private IpcReading() {}

  /** Reads all of a file; returns how many batches it has. */
  static int file(Path path) {
    try (ArrowFile file = ArrowFile.open(path)) {
      for (int i = 0; i < file.batchCount(); i++) {
        try (RecordBatch batch = file.batch(i)) {
          EveryValue.read(batch);
        }
      }
      return file.batchCount();
    }
  }

  /** Reads all of a stream; returns how many batches it has. */
  static int stream(byte[] bytes, int size) {
    ByteArrayInputStream input = new ByteArrayInputStream(bytes, 0, size);
    int count = 0;
    try (ArrowStreamReader reader = ArrowStreamReader.over(Channels.newChannel(input))) {
      for (RecordBatch batch = reader.next(); batch != null; batch = reader.next()) {
        try (RecordBatch read = batch) {
          EveryValue.read(read);
          count++;
        }
      }
    }
    return count;
  }

  /** Returns what a reading returns, or {@link #REFUSED}. */
  static int harmless(String what, IntSupplier reading) {
    long before = Allocators.VIEWS.getAllocatedMemory();
    int result;
    try {
      result = reading.getAsInt();
    } catch (VineyardException refused) {
      assertThat(refused.code()).as(what).isIn(CODES);
      assertThat(refused).as(what).hasMessageContaining("expected");
      result = REFUSED;
    } catch (RuntimeException | Error other) {
      throw new AssertionError("expected a typed error, got " + other + " from " + what, other);
    }
    long left = Allocators.VIEWS.getAllocatedMemory() - before;
    if (left != 0) {
      throw new AssertionError("expected nothing to be left, got " + left + " bytes of " + what);
    }
    return result;
  }
}
