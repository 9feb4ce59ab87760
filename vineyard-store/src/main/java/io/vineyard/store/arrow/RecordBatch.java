package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.Layout;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Storable;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchLoader;
import io.vineyard.store.arrow.format.BatchMessages;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.ValueCheck;
import io.vineyard.store.arrow.format.Vectors;
import io.vineyard.store.arrow.vineyard.Columns;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Tracking;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compare.VectorEqualsVisitor;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Rows of typed columns: an immutable Arrow record batch with the memory that it lies in.
 *
 * <p>A batch that was received lies in shared memory, and its vectors read it in place. Whoever has
 * a batch closes it, which gives the memory back; vectors and views got from it must not be used
 * afterwards. To keep a batch longer than its receiver does, {@link #share()} it. Reading is safe
 * for several threads; nobody writes.
 */
public final class RecordBatch implements Storable, AutoCloseable {
  /**
   * How a batch that was {@linkplain ObjectStore#put put} is read in place; also what Vineyard's
   * C++ and Python make of one: a {@code vineyard::RecordBatch}, an array, a {@code
   * vineyard::Table} of at most one batch, and what Pandas and NumPy have, as far as it is not
   * pickled.
   *
   * <p>A {@code vineyard::Tensor} or {@code vineyard::Series} is one column, named {@code value} if
   * it has no name; a tensor of more than one dimension is a column of lists of fixed size. A
   * {@code vineyard::DataFrame} has its columns, and its index as the last one if that has a name
   * or is not the numbers from 0 on; without a name it is {@code __index_level_0__}.
   *
   * <p>Opening fails with {@link ErrorCode#OBJECT_TYPE_ERROR} if a member is of a type that can't
   * be read, saying which, or {@link ErrorCode#ARROW_ERROR} if the object is malformed.
   */
  public static final Layout<RecordBatch> LAYOUT = new BatchLayout();

  /**
   * How all batches of a {@code vineyard::Table} are read in place, each of which is closed by
   * itself; anything else is a list of the one batch that {@link #LAYOUT} reads.
   */
  public static final Layout<List<RecordBatch>> TABLE_LAYOUT = new TableLayout();

  private static final int ROWS_OF_TO_STRING = 5;

  private final BatchSchema schema;
  private final BatchBody body;
  private final int rowCount;
  private final AtomicBoolean closed = new AtomicBoolean();
  private boolean copied;

  RecordBatch(
      BatchSchema schema, List<FieldVector> vectors, DictionarySet dictionaries, int rowCount) {
    this(schema, new BatchBody(vectors, dictionaries), rowCount);
  }

  private RecordBatch(BatchSchema schema, BatchBody body, int rowCount) {
    this.schema = schema;
    this.body = body;
    this.rowCount = rowCount;
  }

  /**
   * Makes a batch of vectors without dictionaries. It takes the vectors over: neither the root nor
   * they may be changed or closed any more.
   */
  public static RecordBatch of(VectorSchemaRoot root) {
    return of(root, DictionarySet.EMPTY);
  }

  /**
   * Makes a batch of vectors. It takes the vectors over: neither the root nor they may be changed
   * or closed any more. The dictionaries still belong to the caller, who may close but not change
   * them.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if a dictionary is missing, or a
   *     column has not as many values as the root has rows; then the vectors still belong to the
   *     caller
   */
  public static RecordBatch of(VectorSchemaRoot root, DictionaryProvider dictionaries) {
    Objects.requireNonNull(root, "root");
    Objects.requireNonNull(dictionaries, "dictionaries");
    int rows = root.getRowCount();
    for (FieldVector vector : root.getFieldVectors()) {
      if (vector.getValueCount() != rows) {
        throw VineyardException.of(
            ErrorCode.INVALID,
            "expected %d values in column %s, got %d"
                .formatted(rows, vector.getName(), vector.getValueCount()));
      }
    }
    BatchSchema schema = BatchSchema.ofMemory(root.getSchema(), dictionaries);
    DictionarySet shared = DictionarySet.share(schema.dictionaries().keySet(), dictionaries);
    return new RecordBatch(schema, root.getFieldVectors(), shared, rows).tracked(null);
  }

  /** Reads a message, and takes the dictionaries over, also if this fails. */
  static RecordBatch read(
      Message message, BatchSchema schema, BatchLoader.Body body, DictionarySet dictionaries) {
    try {
      BatchMessages.Columns columns = BatchMessages.readBatch(message, schema, body);
      return new RecordBatch(schema, columns.vectors(), dictionaries, columns.rowCount());
    } catch (RuntimeException | StackOverflowError broken) {
      dictionaries.close();
      throw broken;
    }
  }

  /** Makes a batch of columns, which it takes over. */
  static RecordBatch of(Columns columns) {
    return new RecordBatch(
        columns.schema(), columns.vectors(), columns.dictionaries(), columns.rowCount());
  }

  /** Returns the schema; columns with a dictionary have the type of their indices. */
  public Schema schema() {
    return schema.memory();
  }

  /** Returns how many rows there are. */
  public int rowCount() {
    return rowCount;
  }

  /** Returns how many columns there are. */
  public int columnCount() {
    return body.vectors().size();
  }

  /**
   * Returns a column.
   *
   * @throws VineyardException with {@link ErrorCode#ALREADY_STOPPED} after {@link #close()}
   * @throws IndexOutOfBoundsException if there is no such column
   */
  public FieldVector vector(int index) {
    return vectors().get(Objects.checkIndex(index, columnCount()));
  }

  /**
   * Returns the first column of this name.
   *
   * @throws VineyardException with {@link ErrorCode#KEY_ERROR} if there is none, or {@link
   *     ErrorCode#ALREADY_STOPPED} after {@link #close()}
   */
  public FieldVector vector(String name) {
    List<Field> fields = schema.memory().getFields();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.get(i).getName().equals(name)) {
        return vector(i);
      }
    }
    throw VineyardException.of(
        ErrorCode.KEY_ERROR,
        "expected a column out of "
            + fields.stream().map(Field::getName).toList()
            + ", got "
            + name);
  }

  /**
   * Returns the first column of this name as a vector of this class.
   *
   * @throws VineyardException with {@link ErrorCode#TYPE_ERROR} if it is of another class, or as
   *     {@link #vector(String)} does
   */
  public <V extends FieldVector> V vector(String name, Class<V> type) {
    FieldVector vector = vector(name);
    if (!type.isInstance(vector)) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected column %s as %s, it is a %s of %s"
              .formatted(
                  name,
                  type.getSimpleName(),
                  vector.getClass().getSimpleName(),
                  vector.getField().getType()));
    }
    return type.cast(vector);
  }

  /**
   * Returns the values of a column of fixed width as they lie in memory: a read-only, little-endian
   * view, valid until the close. Loops over it are much faster than over the vector, which checks
   * every access. Where the vector {@linkplain FieldVector#isNull is null}, the value means
   * nothing.
   *
   * @throws VineyardException with {@link ErrorCode#TYPE_ERROR} if the values are not of fixed
   *     width and at least one byte each, with {@link ErrorCode#INVALID} if they take 2 GiB or
   *     more, or as {@link #vector(String)} does
   */
  public ByteBuffer values(String name) {
    if (!(vector(name) instanceof BaseFixedWidthVector vector) || vector.getTypeWidth() == 0) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected values of fixed width, column %s is a %s"
              .formatted(name, vector(name).getField().getType()));
    }
    long size = (long) vector.getTypeWidth() * rowCount;
    if (size > Integer.MAX_VALUE) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected less than 2 GiB of values in %s, got %d".formatted(name, size));
    }
    return rowCount == 0
        ? ByteBuffer.allocate(0)
        : Mapping.view(vector.getDataBufferAddress(), (int) size)
            .asReadOnlyBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the columns in their order, for reading; they must not be closed. */
  public List<FieldVector> vectors() {
    if (closed.get()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED,
          "expected an open batch, got one of " + rowCount + " rows that is closed");
    }
    return body.vectors();
  }

  /** Returns a view for code that reads a {@link VectorSchemaRoot}; it must not be closed. */
  public VectorSchemaRoot root() {
    return new VectorSchemaRoot(schema.memory(), vectors(), rowCount);
  }

  /** Returns the dictionaries of the columns that are encoded by one; valid until the close. */
  public DictionaryProvider dictionaries() {
    return body.dictionaries();
  }

  /** Returns how many bytes the values take, those of dictionaries not counted. */
  public long sizeBytes() {
    return Vectors.sizeBytes(vectors());
  }

  /**
   * Returns whether this batch was received, and its writer had to copy bytes into shared memory
   * because they were not built there.
   */
  public boolean wasCopied() {
    return copied;
  }

  /** Returns a second batch over the same memory, which the caller closes; copies nothing. */
  public RecordBatch share() {
    vectors();
    return new RecordBatch(schema, body.retain(), rowCount).tracked(this);
  }

  /**
   * Returns a part of the rows as a batch of its own, which the caller closes; values are not
   * copied, offsets and bits that begin within a byte are.
   *
   * @throws IndexOutOfBoundsException if the rows are not all within this batch
   */
  public RecordBatch slice(int offset, int rows) {
    Objects.checkFromIndexSize(offset, rows, rowCount);
    List<FieldVector> parts = Vectors.slice(vectors(), schema.memory().getFields(), offset, rows);
    return new RecordBatch(schema, parts, body.dictionaries().retain(), rows).tracked(this);
  }

  /**
   * Returns a copy in other memory, which the caller closes: with a writer's allocator, a batch
   * that is published without a further copy. Dictionaries are shared, not copied.
   */
  public RecordBatch copyTo(BufferAllocator allocator) {
    List<FieldVector> copies = Vectors.copy(vectors(), schema.memory().getFields(), allocator);
    return new RecordBatch(schema, copies, body.dictionaries().retain(), rowCount).tracked(null);
  }

  /**
   * Returns the columns of another schema as a batch of its own, which the caller closes. Columns
   * are found by their names: those that are missing are null, those that the schema has not got
   * are left out, and numbers are widened where no value is lost. What has its type already is not
   * copied.
   *
   * @param allocator for what has to be made; stays the caller's
   * @throws VineyardException with {@link ErrorCode#SCHEMA_MISMATCH} if a column has a type that
   *     can't be widened to the other, another dictionary, or nulls that are not allowed there
   */
  public RecordBatch withSchema(Schema target, BufferAllocator allocator) {
    Objects.requireNonNull(target, "target");
    Objects.requireNonNull(allocator, "allocator");
    vectors();
    return SchemaCast.cast(this, target, allocator);
  }

  /** Returns whether both have the same schema, and equal values and nulls in every row. */
  public boolean hasSameContent(RecordBatch that) {
    if (!schema.wire().equals(that.schema.wire()) || rowCount != that.rowCount) {
      return false;
    }
    for (int i = 0; i < columnCount(); i++) {
      if (!VectorEqualsVisitor.vectorEquals(vector(i), that.vector(i))) {
        return false;
      }
    }
    return body.dictionaries().hasSameContent(that.body.dictionaries());
  }

  /** Returns the first rows as a table of text, with a line that says what was left out. */
  public String toTable(int rows) {
    return TablePrinter.print(this, rows);
  }

  @Override
  public Mono<ObjectId> storeIn(ObjectStore store) {
    return BatchLayout.store(this, store);
  }

  @Override
  public Mono<ObjectId> storeInVineyard(ObjectStore store) {
    return VineyardBatches.store(this, store);
  }

  /** Returns whether {@link #close()} was called. */
  public boolean isClosed() {
    return closed.get();
  }

  /** Gives the memory back; any call but the first does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Tracking.returned(closed);
      body.release();
    }
  }

  @Override
  public String toString() {
    String title = "RecordBatch of " + rowCount + " rows x " + columnCount() + " columns";
    return closed.get() ? title + ", closed" : title + "\n" + toTable(ROWS_OF_TO_STRING);
  }

  BatchSchema batchSchema() {
    return schema;
  }

  DictionarySet dictionarySet() {
    return body.dictionaries();
  }

  /** Returns this batch if all its offsets and indices point at something; else closes it. */
  RecordBatch checked() {
    try {
      ValueCheck.check(vectors(), schema.plans(), body.dictionaries());
      return this;
    } catch (RuntimeException malformed) {
      close();
      throw malformed;
    }
  }

  /**
   * Tells who has the batch now.
   *
   * @param source what it is a view of; null if of nothing else that is closed
   */
  RecordBatch tracked(@Nullable Object source) {
    if (Tracking.isOn()) {
      Tracking.taken(closed, this, "", source);
    }
    return this;
  }

  /** Notes that the writer had to copy; before anyone else sees the batch. */
  RecordBatch markCopied() {
    copied = true;
    return this;
  }
}
