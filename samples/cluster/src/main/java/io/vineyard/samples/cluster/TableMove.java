package io.vineyard.samples.cluster;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.time.Duration;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Puts a table on one instance, and reads it from the other. */
record TableMove(ObjectStore near, ObjectStore far) {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final double MEGA = 1e6;

  private record Timed<T>(T value, double seconds) {
    static <T> Timed<T> of(Supplier<T> work) {
      long start = System.nanoTime();
      T value = work.get();
      return new Timed<>(value, (System.nanoTime() - start) / 1e9);
    }
  }

  /** Returns whether it arrived as it was put; two servers that are no cluster can't do it. */
  boolean move(long bytes) {
    int rows = (int) (bytes / Long.BYTES);
    Timed<ObjectId> put = put(rows);
    say("put on the first, and persisted", rows, put);
    try {
      Timed<Long> sum = Timed.of(() -> sum(put.value()));
      say("read from the second, which fetched it", rows, sum);
      boolean isRight = sum.value() == (rows - 1L) * rows / 2;
      System.out.println("table: its sum is " + (isRight ? "right" : "wrong"));
      return isRight;
    } catch (VineyardException e) {
      if (e.code() != ErrorCode.OBJECT_NOT_EXISTS) {
        throw e;
      }
      System.out.println("table: the second does not have it: the two are no cluster");
      return true;
    } finally {
      near.delete(put.value()).block(PATIENCE);
    }
  }

  private static void say(String what, long rows, Timed<?> timed) {
    System.out.printf(
        "table: %d rows %s: %.3f s, %.0f MB/s%n",
        rows, what, timed.seconds(), rows * Long.BYTES / timed.seconds() / MEGA);
  }

  private Timed<ObjectId> put(int rows) {
    try (BufferAllocator memory = new RootAllocator();
        RecordBatch table = RecordBatch.of(VectorSchemaRoot.of(numbers(memory, rows)))) {
      return Timed.of(
          () -> {
            ObjectId id = near.put(table).block(PATIENCE);
            near.persist(id).block(PATIENCE);
            return id;
          });
    }
  }

  private static BigIntVector numbers(BufferAllocator memory, int rows) {
    BigIntVector numbers = new BigIntVector("n", memory);
    numbers.allocateNew(rows);
    numbers.setValueCount(rows);
    for (int row = 0; row < rows; row++) {
      numbers.set(row, row);
    }
    return numbers;
  }

  private long sum(ObjectId id) {
    try (RecordBatch table = far.get(id, RecordBatch.LAYOUT).block(PATIENCE)) {
      long address = table.vectors().get(0).getDataBufferAddress();
      long sum = 0;
      for (long row = 0; row < table.rowCount(); row++) {
        sum += MemoryUtil.getLong(address + row * Long.BYTES);
      }
      return sum;
    }
  }
}
