package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.ColumnAppender;
import io.vineyard.store.arrow.format.DictionarySet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * Joins the rows of batches into one batch, by copying them, so that each batch can be closed as
 * soon as it was appended.
 *
 * <p>All must have the schema of the first one, and dictionaries with the same values. Whoever
 * makes it closes it, which also gives back what was appended and not yet taken. Used by one thread
 * at a time.
 */
public final class BatchAppender implements AutoCloseable {
  private final BufferAllocator allocator;
  private final List<ColumnAppender> columns = new ArrayList<>();
  private @Nullable BatchSchema schema;
  private DictionarySet dictionaries = DictionarySet.EMPTY;
  private int rows;
  private boolean closed;

  private BatchAppender(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /** Begins without rows; the allocator, whose memory the joined batch has, stays the caller's. */
  public static BatchAppender over(BufferAllocator allocator) {
    return new BatchAppender(Objects.requireNonNull(allocator, "allocator"));
  }

  /** Returns how many rows were appended since the last {@link #take()}. */
  public int rowCount() {
    return rows;
  }

  /**
   * Returns whether a batch could be appended: it has the schema of what was appended before, and
   * dictionaries with the same values.
   */
  public boolean fits(RecordBatch batch) {
    return difference(batch) == null;
  }

  private @Nullable String difference(RecordBatch batch) {
    if (schema == null) {
      return null;
    }
    String difference = batch.batchSchema().differenceTo(schema);
    return difference != null || batch.dictionarySet().hasSameContent(dictionaries)
        ? difference
        : "expected the dictionaries of the batches before, got others";
  }

  /**
   * Copies the rows of a batch, which stays the caller's. After an error what was appended before
   * is given back as well, but for a batch that does not fit.
   *
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if it has another schema or
   *     other dictionaries than those before, with {@link ErrorCode#LIMIT_REACHED} if there would
   *     be more rows, or bytes in a column, than a batch can have (2 to the power of 31, less 1),
   *     with {@link ErrorCode#NOT_ENOUGH_MEMORY} if there is none left, with {@link
   *     ErrorCode#UNSUPPORTED} for columns whose values Arrow can't copy one by one (unions, views
   *     of lists, run-end encoded ones; nulls and views within others), or with {@link
   *     ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public void append(RecordBatch batch) {
    checkOpen();
    List<FieldVector> more = batch.vectors();
    String difference = difference(batch);
    if (difference != null) {
      throw VineyardException.of(ErrorCode.SCHEMA_MISMATCH, difference);
    }
    try {
      if (schema == null) {
        begin(batch);
      }
      ColumnAppender.checkSize(rows, batch.rowCount(), "rows");
      for (int i = 0; i < columns.size(); i++) {
        columns.get(i).append(more.get(i));
      }
      rows += batch.rowCount();
    } catch (OutOfMemoryException full) {
      reset();
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY, "expected memory for more rows: " + full.getMessage(), full);
    } catch (RuntimeException | Error broken) {
      reset();
      throw broken;
    }
  }

  private void begin(RecordBatch batch) {
    schema = batch.batchSchema();
    dictionaries = batch.dictionarySet().retain();
    for (Field field : batch.schema().getFields()) {
      columns.add(ColumnAppender.of(field, allocator));
    }
  }

  private void reset() {
    columns.forEach(ColumnAppender::close);
    columns.clear();
    dictionaries.close();
    dictionaries = DictionarySet.EMPTY;
    schema = null;
    rows = 0;
  }

  /**
   * Takes what was appended as one batch, which the caller closes, and begins anew; null if nothing
   * was appended.
   */
  public @Nullable RecordBatch take() {
    checkOpen();
    BatchSchema known = schema;
    if (known == null) {
      return null;
    }
    List<FieldVector> vectors = new ArrayList<>();
    for (ColumnAppender column : columns) {
      vectors.add(column.take());
    }
    RecordBatch taken = new RecordBatch(known, vectors, dictionaries, rows).tracked(null);
    columns.clear();
    dictionaries = DictionarySet.EMPTY;
    reset();
    return taken;
  }

  private void checkOpen() {
    if (closed) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open appender, it was closed");
    }
  }

  /** Gives back what was appended and not taken; any call but the first does nothing. */
  @Override
  public void close() {
    closed = true;
    reset();
  }
}
