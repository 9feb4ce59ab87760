package io.vineyard.test;

import io.vineyard.reactive.RecordBatches;
import io.vineyard.store.arrow.RecordBatch;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ListAssert;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * Assertions on a batch. Where rows differ, the message shows them side by side, as they are and as
 * they were expected, with their numbers and a star before each value that differs.
 *
 * <p>Nothing here closes a batch. Columns with a dictionary are compared by their values.
 */
public final class RecordBatchAssert extends AbstractAssert<RecordBatchAssert, RecordBatch> {
  private static final int MOST_ROWS = 5;

  RecordBatchAssert(@Nullable RecordBatch actual) {
    super(actual, RecordBatchAssert.class);
  }

  private RecordBatch open() {
    isNotNull();
    if (actual.isClosed()) {
      failWithMessage(
          "expected an open batch, got one of %s rows that is closed", actual.rowCount());
    }
    return actual;
  }

  /** Asserts how many rows there are. */
  public RecordBatchAssert hasRowCount(int rows) {
    isNotNull();
    if (actual.rowCount() != rows) {
      throw fail("expected %d rows, got %d%s".formatted(rows, actual.rowCount(), table()));
    }
    return this;
  }

  /** Asserts that there are no rows. */
  public RecordBatchAssert isEmpty() {
    return hasRowCount(0);
  }

  /** Asserts what the columns are called, in their order. */
  public RecordBatchAssert hasColumns(String... names) {
    isNotNull();
    List<String> found = columnNames(actual);
    if (!found.equals(List.of(names))) {
      throw fail("expected the columns %s, got %s".formatted(List.of(names), found));
    }
    return this;
  }

  /** Asserts the schema, metadata included; the message says how each field differs. */
  public RecordBatchAssert hasSchema(Schema expected) {
    isNotNull();
    Objects.requireNonNull(expected, "expected");
    if (!actual.schema().equals(expected)) {
      String fields = differingFields(actual.schema(), expected, true);
      throw fail(
          "expected another schema%s"
              .formatted(
                  fields.isEmpty()
                      ? ", with the metadata %s, got %s"
                          .formatted(
                              expected.getCustomMetadata(), actual.schema().getCustomMetadata())
                      : ":\n" + fields));
    }
    return this;
  }

  /** Asserts that another batch, which stays the caller's, has the same columns and rows. */
  public RecordBatchAssert hasSameContentAs(RecordBatch expected) {
    Objects.requireNonNull(expected, "expected");
    RecordBatch batch = open();
    if (batch.hasSameContent(expected)) {
      return this;
    }
    String fields = differingFields(batch.schema(), expected.schema(), false);
    if (!fields.isEmpty()) {
      throw fail("expected the schema of the other batch:\n%s".formatted(fields));
    }
    return compare(columnNames(batch), rows(batch), rows(expected));
  }

  /**
   * Asserts the rows. Values are those that {@link TestBatches#rows} takes: a number need not have
   * the type of the column.
   */
  public RecordBatchAssert containsExactlyRows(@Nullable Object[]... expected) {
    RecordBatch batch = open();
    try (RecordBatch wanted = TestBatches.rows(valueSchema(batch), expected)) {
      return compare(columnNames(batch), rows(batch), rows(wanted));
    } catch (IllegalArgumentException unfit) {
      throw fail(
          "expected rows that the columns can have: %s; they are %s"
              .formatted(unfit.getMessage(), batch.schema().getFields()));
    }
  }

  /** Has the values of columns with a dictionary instead of the indices. */
  private static Schema valueSchema(RecordBatch batch) {
    List<Field> fields = new ArrayList<>();
    for (Field field : batch.schema().getFields()) {
      DictionaryEncoding encoding = field.getDictionary();
      fields.add(encoding == null ? field : values(field, batch, encoding));
    }
    return new Schema(fields);
  }

  private static Field values(Field column, RecordBatch batch, DictionaryEncoding encoding) {
    Field values = batch.dictionaries().lookup(encoding.getId()).getVector().getField();
    return new Field(column.getName(), FieldType.nullable(values.getType()), values.getChildren());
  }

  /** Asserts the rows, as records (see {@link RecordBatches#toRows}). */
  @SafeVarargs
  @SuppressWarnings("varargs") // is only read
  public final <R extends Record> RecordBatchAssert containsExactlyRecords(R first, R... more) {
    return hasRecords(listOf(first, more));
  }

  static <R> List<R> listOf(R first, R[] more) {
    List<R> all = new ArrayList<>(List.of(first));
    for (R one : more) {
      all.add(one);
    }
    return all;
  }

  <R extends Record> RecordBatchAssert hasRecords(List<R> wanted) {
    @SuppressWarnings("unchecked") // the class of an R is a class of R
    Class<R> type = (Class<R>) wanted.get(0).getClass();
    List<List<@Nullable Object>> expected = new ArrayList<>();
    wanted.forEach(one -> expected.add(values(one)));
    List<List<@Nullable Object>> found = new ArrayList<>();
    records(type).forEach(one -> found.add(values(one)));
    return compare(
        Stream.of(type.getRecordComponents()).map(RecordComponent::getName).toList(),
        found,
        expected);
  }

  private <R extends Record> List<R> records(Class<R> type) {
    List<R> records = new ArrayList<>();
    List<Throwable> errors = new ArrayList<>();
    var unused =
        Flux.just(open().share())
            .transform(RecordBatches.toRows(type))
            .subscribe(records::add, errors::add);
    if (!errors.isEmpty()) {
      throw fail("expected rows that are records: %s".formatted(errors.get(0).getMessage()));
    }
    return records;
  }

  private static List<@Nullable Object> values(Record one) {
    List<@Nullable Object> values = new ArrayList<>();
    for (RecordComponent component : one.getClass().getRecordComponents()) {
      try {
        component.getAccessor().setAccessible(true); // the record may be a private one
        values.add(Cells.comparable(component.getAccessor().invoke(one)));
      } catch (ReflectiveOperationException broken) {
        throw new IllegalStateException("expected to read " + one, broken);
      }
    }
    return values;
  }

  private RecordBatchAssert compare(
      List<String> columns,
      List<List<@Nullable Object>> found,
      List<List<@Nullable Object>> expected) {
    String differences = DifferenceTable.of(columns, found, expected);
    if (differences != null) {
      throw fail("%s".formatted(differences));
    }
    return this;
  }

  /**
   * Goes on with the values of a column: numbers, {@link String}, what {@code java.time} has, lists
   * and maps; bytes as texts of hexadecimal digits; nulls.
   */
  public ListAssert<@Nullable Object> column(String name) {
    RecordBatch batch = open();
    if (!columnNames(batch).contains(name)) {
      throw fail("expected a column \"%s\", got %s".formatted(name, columnNames(batch)));
    }
    List<@Nullable Object> values = new ArrayList<>(Cells.column(batch, batch.vector(name)));
    values.replaceAll(value -> value instanceof Cells.Bytes bytes ? bytes.hex() : value);
    return Assertions.assertThat(values).as("column \"%s\"", name);
  }

  /** Asserts that the writer of this batch had to copy it into shared memory. */
  public RecordBatchAssert wasCopied() {
    isNotNull();
    if (!actual.wasCopied()) {
      throw fail("expected a batch that was copied by its writer, it was built in shared memory");
    }
    return this;
  }

  /** Asserts that this batch was not copied on its way. */
  public RecordBatchAssert wasNotCopied() {
    isNotNull();
    if (actual.wasCopied()) {
      throw fail(
          "expected a batch that was not copied; its writer did not build it with"
              + " StreamWriter.allocator()");
    }
    return this;
  }

  /** Asserts that the batch is closed. */
  public RecordBatchAssert isClosed() {
    isNotNull();
    if (!actual.isClosed()) {
      throw fail("expected a batch that is closed, got an open one%s".formatted(table()));
    }
    return this;
  }

  /** Asserts that the batch is open. */
  public RecordBatchAssert isOpen() {
    RecordBatch unused = open();
    return this;
  }

  private AssertionError fail(String message) {
    return failure("%s", message);
  }

  private String table() {
    return actual.isClosed() ? "" : ":\n" + actual.toTable(MOST_ROWS);
  }

  private static List<String> columnNames(RecordBatch batch) {
    return batch.schema().getFields().stream().map(Field::getName).toList();
  }

  private static List<List<@Nullable Object>> rows(RecordBatch batch) {
    List<List<@Nullable Object>> rows = new ArrayList<>();
    for (int row = 0; row < batch.rowCount(); row++) {
      rows.add(Cells.row(batch, row));
    }
    return rows;
  }

  private static String differingFields(Schema actual, Schema expected, boolean isExact) {
    StringBuilder text = new StringBuilder();
    int columns = Math.max(actual.getFields().size(), expected.getFields().size());
    for (int i = 0; i < columns; i++) {
      String left = field(actual, i, isExact);
      String right = field(expected, i, isExact);
      if (!left.equals(right)) {
        text.append("  column %d: expected %s, got %s\n".formatted(i, right, left));
      }
    }
    return text.toString();
  }

  private static String field(Schema schema, int index, boolean isExact) {
    if (index >= schema.getFields().size()) {
      return "none";
    }
    Field field = schema.getFields().get(index);
    return !isExact || field.getMetadata().isEmpty()
        ? "" + field
        : field + " " + field.getMetadata();
  }
}
