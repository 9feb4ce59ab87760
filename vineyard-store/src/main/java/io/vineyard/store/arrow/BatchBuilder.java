package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.FixedColumns;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Builds record batches of one schema, one after the other, each in one piece of memory: with a
 * writer's allocator much faster than vectors that are allocated one by one.
 *
 * <pre>{@code
 * BatchBuilder batches = BatchBuilder.of(schema, writer.allocator());
 * RecordBatch batch = batches.build(1024, columns -> fill((BigIntVector) columns.get(0)));
 * }</pre>
 *
 * <p>For schemas whose columns are all of fixed width. Immutable and thread-safe; holds nothing
 * that has to be closed.
 */
public final class BatchBuilder {
  private final BatchSchema schema;
  private final FixedColumns columns;

  private BatchBuilder(BatchSchema schema, FixedColumns columns) {
    this.schema = schema;
    this.columns = columns;
  }

  /**
   * Works out what the batches of a schema have in common.
   *
   * @param allocator where batches get their memory; stays the caller's
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if a column is not of fixed width,
   *     or has a dictionary
   */
  public static BatchBuilder of(Schema schema, BufferAllocator allocator) {
    Objects.requireNonNull(schema, "schema");
    Objects.requireNonNull(allocator, "allocator");
    BatchSchema known = BatchSchema.ofMemory(schema, DictionarySet.EMPTY);
    return new BatchBuilder(known, FixedColumns.of(known, allocator));
  }

  /**
   * Builds a batch, which the caller closes or emits.
   *
   * <p>The memory is not cleared: a value that is not set is anything. All values count as there
   * until they are set to null; columns that are not nullable have no nulls.
   *
   * @param rows how many rows it has
   * @param fill sets the values of the columns, which have room for exactly these rows; must not
   *     keep or close them. If it throws, the memory is given back
   * @throws VineyardException with {@link ErrorCode#INVALID} for less than 0 rows or a null in a
   *     column that is not nullable, or as the allocator does
   */
  public RecordBatch build(int rows, Consumer<? super List<FieldVector>> fill) {
    if (rows < 0) {
      throw VineyardException.of(ErrorCode.INVALID, "expected 0 or more rows, got " + rows);
    }
    List<FieldVector> vectors = columns.allocate(rows);
    try {
      fill.accept(Collections.unmodifiableList(vectors));
      columns.checkNoNulls(rows);
      return new RecordBatch(schema, vectors, DictionarySet.EMPTY, rows).tracked(null);
    } catch (RuntimeException | Error broken) {
      vectors.forEach(FieldVector::close);
      throw broken;
    }
  }
}
