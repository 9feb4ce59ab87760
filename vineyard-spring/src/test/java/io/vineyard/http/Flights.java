package io.vineyard.http;

import io.vineyard.store.arrow.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Batches of two columns: numbers that count up, and what they are called. */
public final class Flights {
  public static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("n", new ArrowType.Int(Long.SIZE, true)),
              Field.nullable("name", new ArrowType.Utf8())));

  private Flights() {}

  /** Makes a batch; every fourth name is null. */
  public static RecordBatch batch(BufferAllocator allocator, long first, int rows) {
    VectorSchemaRoot root = VectorSchemaRoot.create(SCHEMA, allocator);
    BigIntVector numbers = (BigIntVector) root.getVector(0);
    VarCharVector names = (VarCharVector) root.getVector(1);
    numbers.allocateNew(rows);
    names.allocateNew();
    for (int row = 0; row < rows; row++) {
      numbers.set(row, first + row);
      if (row % 4 != 3) {
        names.setSafe(row, ("no " + (first + row)).getBytes(StandardCharsets.UTF_8));
      }
    }
    root.setRowCount(rows);
    return RecordBatch.of(root);
  }
}
