package io.vineyard.test;

import io.vineyard.reactive.RecordBatches;
import io.vineyard.store.arrow.RecordBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * Batches of rows, records, columns, or chance, which the caller closes.
 *
 * <pre>{@code
 * RecordBatch numbers = TestBatches.longs("n", 1, 2, 3);
 * RecordBatch orders = TestBatches.records(new Order(1, "tea"), new Order(2, null));
 * RecordBatch table = TestBatches.columns().ints("id", 1, 2).texts("name", "a", null).build();
 * RecordBatch rows = TestBatches.rows(schema, row(1, "a"), row(2, null));
 * RecordBatch any = TestBatches.random(schema, 1000, seed);
 * }</pre>
 *
 * <p>Each also takes an allocator as its last argument: with that of a writer, a batch is published
 * without a copy. Without one, batches lie in ordinary memory, which is given back when they are
 * closed.
 *
 * <p>Values are those of Java that fit the type: numbers, also for times in the unit of their
 * column, {@link String}, enums, {@code byte[]}, {@link java.math.BigDecimal}, what {@code
 * java.time} has, {@link java.util.UUID}; lists for lists, maps for maps, maps of the names of
 * their fields for structs, and a map of one name for unions. What does not fit is an {@link
 * IllegalArgumentException}, as is a null in a column that is not nullable. Columns with a
 * dictionary take the values, not the indices.
 */
public final class TestBatches {
  private static final BufferAllocator ORDINARY = new RootAllocator();

  private TestBatches() {}

  /** Makes a batch of one column of 64-bit integers. */
  public static RecordBatch longs(String name, long... values) {
    return columns().longs(name, values).build();
  }

  /** Begins a batch of columns. */
  public static Columns columns() {
    return new Columns();
  }

  /** Returns its arguments, a row for {@link #rows}. */
  public static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }

  /** Makes a batch of rows, which have a value for each column. */
  public static RecordBatch rows(Schema schema, @Nullable Object[]... rows) {
    return rows(schema, Arrays.asList(rows), ORDINARY);
  }

  /** Makes a batch of rows in the memory of an allocator, which stays the caller's. */
  public static RecordBatch rows(
      Schema schema, List<@Nullable Object[]> rows, BufferAllocator allocator) {
    Objects.requireNonNull(schema, "schema");
    List<List<@Nullable Object>> columns = ColumnWriter.transposed(schema.getFields().size(), rows);
    return build(schema, columns, rows.size(), allocator);
  }

  /** Makes a batch of records, as {@link RecordBatches#fromRows} does. */
  @SafeVarargs
  public static <R extends Record> RecordBatch records(R first, R... more) {
    List<R> records = new ArrayList<>(List.of(first));
    for (R one : more) {
      records.add(one);
    }
    @SuppressWarnings("unchecked") // the class of an R is a class of R
    Class<R> type = (Class<R>) first.getClass();
    return records(type, records, ORDINARY);
  }

  /**
   * Makes a batch of records in the memory of an allocator, which stays the caller's.
   *
   * @throws io.vineyard.store.VineyardException as {@link RecordBatches#fromRows} fails
   */
  public static <R extends Record> RecordBatch records(
      Class<R> type, List<R> records, BufferAllocator allocator) {
    if (records.isEmpty()) {
      return rows(RecordBatches.schemaOf(type), List.of(), allocator);
    }
    Flux<RecordBatch> batches =
        Flux.fromIterable(records)
            .transform(RecordBatches.fromRows(type, records.size(), allocator));
    List<RecordBatch> made = new ArrayList<>();
    List<Throwable> errors = new ArrayList<>();
    var unused = batches.subscribe(made::add, errors::add);
    if (!errors.isEmpty() && errors.get(0) instanceof RuntimeException refused) {
      throw refused;
    }
    return made.get(0);
  }

  /**
   * Makes a batch of random values, a fifth of them null where that may be. The same schema, rows
   * and seed make the same batch. Columns with a dictionary get texts.
   */
  public static RecordBatch random(Schema schema, int rows, long seed) {
    return random(schema, rows, seed, ORDINARY);
  }

  /** Makes a random batch in the memory of an allocator, which stays the caller's. */
  public static RecordBatch random(Schema schema, int rows, long seed, BufferAllocator allocator) {
    if (rows < 0) {
      throw new IllegalArgumentException("expected 0 or more rows, got " + rows);
    }
    RandomValues values = new RandomValues(seed);
    List<List<@Nullable Object>> columns = new ArrayList<>();
    schema.getFields().forEach(field -> columns.add(values.column(field, rows)));
    return build(schema, columns, rows, allocator);
  }

  private static RecordBatch build(
      Schema schema, List<List<@Nullable Object>> columns, int rows, BufferAllocator allocator) {
    Objects.requireNonNull(allocator, "allocator");
    ColumnWriter writer = new ColumnWriter(allocator);
    EncodedColumns encoded = EncodedColumns.of(schema, columns);
    List<FieldVector> vectors = new ArrayList<>();
    DictionaryProvider.MapDictionaryProvider provider =
        new DictionaryProvider.MapDictionaryProvider();
    try {
      encoded.dictionaries(writer).forEach(provider::put);
      for (int i = 0; i < columns.size(); i++) {
        vectors.add(writer.make(schema.getFields().get(i), encoded.column(i)));
      }
      return RecordBatch.of(new VectorSchemaRoot(schema, vectors, rows), provider);
    } catch (RuntimeException | Error broken) {
      vectors.forEach(FieldVector::close);
      throw broken;
    } finally {
      provider.close();
    }
  }

  /** Columns of a batch, in the order in which they are added; all of the same length. */
  public static final class Columns {
    private final List<Field> fields = new ArrayList<>();
    private final List<List<@Nullable Object>> columns = new ArrayList<>();

    private Columns() {}

    /** Adds a column of 32-bit integers without nulls. */
    public Columns ints(String name, int... values) {
      return add(whole(name, Integer.SIZE), Arrays.stream(values).boxed().toArray());
    }

    /** Adds a column of 64-bit integers without nulls. */
    public Columns longs(String name, long... values) {
      return add(whole(name, Long.SIZE), Arrays.stream(values).boxed().toArray());
    }

    private static Field whole(String name, int bits) {
      return Field.notNullable(name, new ArrowType.Int(bits, true));
    }

    /** Adds a column of floating-point numbers of 64 bits without nulls. */
    public Columns doubles(String name, double... values) {
      ArrowType type = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
      return add(Field.notNullable(name, type), Arrays.stream(values).boxed().toArray());
    }

    /** Adds a column of truth values. */
    public Columns booleans(String name, @Nullable Boolean... values) {
      return add(Field.nullable(name, ArrowType.Bool.INSTANCE), values);
    }

    /** Adds a column of texts. */
    public Columns texts(String name, @Nullable String... values) {
      return add(Field.nullable(name, ArrowType.Utf8.INSTANCE), values);
    }

    /** Adds a column of texts that are kept in a dictionary. */
    public Columns dictionary(String name, @Nullable String... values) {
      ArrowType.Int index = new ArrowType.Int(Integer.SIZE, true);
      DictionaryEncoding encoding = new DictionaryEncoding(fields.size(), false, index);
      return add(new Field(name, new FieldType(true, index, encoding), null), values);
    }

    /** Adds a column of any type. */
    public Columns column(Field field, @Nullable Object... values) {
      return add(field, values);
    }

    private Columns add(Field field, @Nullable Object[] values) {
      fields.add(field);
      columns.add(Arrays.asList(values));
      return this;
    }

    /**
     * Makes the batch.
     *
     * @throws IllegalArgumentException if the columns differ in their length
     */
    public RecordBatch build() {
      return build(ORDINARY);
    }

    /** Makes the batch in the memory of an allocator, which stays the caller's. */
    public RecordBatch build(BufferAllocator allocator) {
      int rows = columns.isEmpty() ? 0 : columns.get(0).size();
      for (int i = 0; i < columns.size(); i++) {
        if (columns.get(i).size() != rows) {
          throw new IllegalArgumentException(
              "expected %d values in column %s, as in the first one, got %d"
                  .formatted(rows, fields.get(i).getName(), columns.get(i).size()));
        }
      }
      return TestBatches.build(new Schema(fields), columns, rows, allocator);
    }
  }
}
