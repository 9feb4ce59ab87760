package io.vineyard.benchmarks.end;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The batches as Arrow vectors; for all peers that have Arrow. */
public final class Vectors {
  /** The schema of every batch: its columns have no nulls. */
  public static final Schema SCHEMA = schema();

  private Vectors() {}

  private static Schema schema() {
    List<Field> fields = new ArrayList<>();
    for (int column = 0; column < Columns.COUNT; column++) {
      fields.add(
          new Field(
              Columns.name(column),
              FieldType.notNullable(new ArrowType.Int(Long.SIZE, true)),
              null));
    }
    return new Schema(fields);
  }

  /** Builds a batch, which the caller closes. */
  public static VectorSchemaRoot build(BufferAllocator allocator, Round round, long number) {
    List<FieldVector> vectors = new ArrayList<>(Columns.COUNT);
    for (Field field : SCHEMA.getFields()) {
      vectors.add(new BigIntVector(field, allocator));
    }
    VectorSchemaRoot root = new VectorSchemaRoot(SCHEMA, vectors, 0);
    fill(root, round, number);
    return root;
  }

  /** Fills a batch in memory that it takes anew, and that nobody has to clear first. */
  public static void fill(VectorSchemaRoot root, Round round, long number) {
    int rows = round.rows();
    ArrowFieldNode noNulls = new ArrowFieldNode(rows, 0);
    for (int column = 0; column < Columns.COUNT; column++) {
      BigIntVector vector = (BigIntVector) root.getVector(column);
      try (ArrowBuf values = vector.getAllocator().buffer(round.columnBytes())) {
        Columns.fill(round.work(), column, values.memoryAddress(), rows, number);
        values.writerIndex(round.columnBytes());
        vector.loadFieldBuffers(noNulls, Arrays.asList(null, values));
      }
    }
    root.setRowCount(rows);
  }

  /** Checks a batch. */
  public static void check(List<FieldVector> vectors, Round round, long number) {
    for (int column = 0; column < Columns.COUNT; column++) {
      FieldVector vector = vectors.get(column);
      Columns.require("rows", vector.getValueCount(), round.rows(), number);
      Columns.check(round.work(), column, vector.getDataBufferAddress(), round.rows(), number);
    }
  }
}
