package io.vineyard.reactive;

import io.vineyard.store.arrow.RecordBatch;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Record batches for tests: one column {@code x} of 64-bit integers that count up. */
public final class Batches {
  public static final String COLUMN = "x";
  public static final Schema SCHEMA =
      new Schema(List.of(Field.nullable(COLUMN, new ArrowType.Int(Long.SIZE, true))));

  /** Memory that no store knows. */
  public static final BufferAllocator FOREIGN = new RootAllocator();

  private Batches() {}

  public static RecordBatch counting(BufferAllocator allocator, long first, int rows) {
    VectorSchemaRoot root = VectorSchemaRoot.create(SCHEMA, allocator);
    BigIntVector x = (BigIntVector) root.getVector(0);
    x.allocateNew(Math.max(rows, 1));
    for (int row = 0; row < rows; row++) {
      x.set(row, first + row);
    }
    root.setRowCount(rows);
    return RecordBatch.of(root);
  }

  /** Returns the first value, and closes the batch. */
  public static long first(RecordBatch batch) {
    try (batch) {
      return batch.vector(COLUMN, BigIntVector.class).get(0);
    }
  }

  /** Returns the sum of all values; the batch stays open. */
  public static long sum(RecordBatch batch) {
    BigIntVector x = batch.vector(COLUMN, BigIntVector.class);
    long sum = 0;
    for (int row = 0; row < batch.rowCount(); row++) {
      sum += x.get(row);
    }
    return sum;
  }
}
