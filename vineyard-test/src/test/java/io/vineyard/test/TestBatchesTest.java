package io.vineyard.test;

import static io.vineyard.test.TestBatches.row;
import static io.vineyard.test.VineyardAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.arrow.RecordBatch;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.extension.UuidType;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@VineyardTest
class TestBatchesTest {
  private static final Field INT = Field.nullable("i", new ArrowType.Int(Integer.SIZE, true));
  private static final Field TEXT = Field.notNullable("t", ArrowType.Utf8.INSTANCE);

  record Order(long id, String item, LocalDate day) {}

  @Test
  void columnsBecomeABatch() {
    try (RecordBatch batch =
        TestBatches.columns()
            .ints("i", 1, 2)
            .longs("l", 3, 4)
            .doubles("d", 0.5, 1.5)
            .booleans("b", true, null)
            .texts("t", "x", null)
            .dictionary("city", "Ulm", "Ulm")
            .build()) {
      assertThat(batch)
          .hasColumns("i", "l", "d", "b", "t", "city")
          .containsExactlyRows(row(1, 3, 0.5, true, "x", "Ulm"), row(2, 4, 1.5, null, null, "Ulm"));
    }
  }

  @Test
  void columnsOfDifferentLengthAreRefused() {
    assertThatThrownBy(() -> TestBatches.columns().ints("a", 1).ints("b", 1, 2).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 1 values in column b");
  }

  @Test
  void recordsBecomeABatch() {
    Order first = new Order(1, "tea", LocalDate.of(2026, 1, 2));
    Order second = new Order(2, null, null);
    try (RecordBatch batch = TestBatches.records(first, second)) {
      assertThat(batch).hasRowCount(2).containsExactlyRecords(first, second);
      assertThat(batch).column("day").containsExactly(LocalDate.of(2026, 1, 2), null);
    }
  }

  @Test
  void noRecordsAreABatchWithoutRows(BufferAllocator memory) {
    try (RecordBatch batch = TestBatches.records(Order.class, List.of(), memory)) {
      assertThat(batch).isEmpty().hasColumns("id", "item", "day");
    }
  }

  @Test
  void rowsTakeNestedValues() {
    Field list = new Field("list", FieldType.nullable(ArrowType.List.INSTANCE), List.of(INT));
    Field struct =
        new Field("struct", FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(INT, TEXT));
    Field union =
        new Field(
            "union",
            FieldType.nullable(new ArrowType.Union(UnionMode.Dense, new int[] {0, 1})),
            List.of(INT, TEXT));
    Schema schema = new Schema(List.of(list, struct, union));
    try (RecordBatch batch =
        TestBatches.rows(
            schema,
            row(List.of(1, 2), Map.of("i", 7, "t", "x"), Map.of("t", "y")),
            row(null, null, Map.of("i", 8)))) {
      assertThat(batch).column("list").containsExactly(List.of(1, 2), null);
      assertThat(batch).column("struct").containsExactly(Map.of("i", 7, "t", "x"), null);
      assertThat(batch).column("union").containsExactly("y", 8);
    }
  }

  @Test
  void rowsTakeWhatJavaHas() {
    Schema schema =
        new Schema(
            List.of(
                Field.nullable("price", new ArrowType.Decimal(10, 2, 128)),
                Field.nullable("at", new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC")),
                Field.nullable("small", new ArrowType.Int(Byte.SIZE, false))));
    Instant at = Instant.parse("2026-01-02T03:04:05.006Z");
    try (RecordBatch batch = TestBatches.rows(schema, row(new BigDecimal("1.50"), at, 200))) {
      assertThat(batch).column("price").containsExactly(new BigDecimal("1.50"));
      assertThat(batch).column("at").containsExactly(at);
      assertThat(batch).column("small").containsExactly(200L);
    }
    assertThatThrownBy(() -> TestBatches.rows(schema, row(1, at, 300)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("small")
        .hasMessageContaining("300");
    assertThatThrownBy(() -> TestBatches.rows(schema, row(1, at)))
        .hasMessageContaining("expected rows of 3 values");
  }

  @Test
  void nullIsRefusedWhereItCanNotBe() {
    assertThatThrownBy(() -> TestBatches.rows(new Schema(List.of(TEXT)), row((Object) null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not nullable");
  }

  @ParameterizedTest
  @MethodSource("types")
  void randomBatchesOfAnyTypeAreTheSameForASeed(Field field, BufferAllocator memory) {
    Schema schema = new Schema(List.of(field));
    for (int rows : new int[] {0, 1, 100}) {
      try (RecordBatch first = TestBatches.random(schema, rows, 7, memory);
          RecordBatch second = TestBatches.random(schema, rows, 7, memory)) {
        assertThat(first).hasRowCount(rows).hasSameContentAs(second);
      }
    }
  }

  @Test
  void randomBatchesOfOtherSeedsDiffer() {
    Schema schema = new Schema(List.of(INT));
    try (RecordBatch first = TestBatches.random(schema, 100, 1);
        RecordBatch second = TestBatches.random(schema, 100, 2)) {
      assertThatThrownBy(() -> assertThat(first).hasSameContentAs(second))
          .isInstanceOf(AssertionError.class);
      assertThat(first).column("i").containsNull();
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void randomBatchesGoThroughStreams(Field field, BufferAllocator memory, TestStreamWriter writer) {
    Schema schema = new Schema(List.of(field));
    RecordBatch sent = TestBatches.random(schema, 50, 3, memory);
    writer.emit(sent.share());
    BatchSteps.create(writer.reader()).expectBatch(sent).verifyComplete();
  }

  static Stream<Field> types() {
    List<Field> fields = new ArrayList<>(flat());
    Field list = new Field("l", FieldType.nullable(ArrowType.List.INSTANCE), List.of(TEXT));
    Field struct =
        new Field("s", FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(INT, TEXT, list));
    Field entry =
        new Field(
            "entries",
            FieldType.notNullable(ArrowType.Struct.INSTANCE),
            List.of(
                Field.notNullable("key", ArrowType.Utf8.INSTANCE),
                Field.nullable("value", new ArrowType.Int(Long.SIZE, true))));
    fields.add(list);
    fields.add(struct);
    fields.add(nested(ArrowType.List.INSTANCE, struct));
    fields.add(nested(ArrowType.LargeList.INSTANCE, TEXT));
    fields.add(nested(new ArrowType.FixedSizeList(3), TEXT));
    fields.add(nested(ArrowType.ListView.INSTANCE, TEXT));
    fields.add(nested(ArrowType.LargeListView.INSTANCE, INT));
    fields.add(nested(new ArrowType.Map(false), entry));
    fields.add(nested(new ArrowType.Union(UnionMode.Sparse, new int[] {0, 1}), INT, TEXT));
    fields.add(nested(new ArrowType.Union(UnionMode.Dense, new int[] {0, 1}), INT, list));
    fields.add(
        new Field(
            "runs",
            FieldType.notNullable(ArrowType.RunEndEncoded.INSTANCE),
            List.of(
                Field.notNullable("run_ends", new ArrowType.Int(Integer.SIZE, true)),
                Field.nullable("values", ArrowType.Utf8.INSTANCE))));
    ArrowType.Int index = new ArrowType.Int(Short.SIZE, true);
    DictionaryEncoding encoding = new DictionaryEncoding(5, false, index);
    fields.add(new Field("dictionary", new FieldType(true, index, encoding), null));
    return fields.stream();
  }

  private static Field nested(ArrowType type, Field... children) {
    return new Field("nested", FieldType.nullable(type), List.of(children));
  }

  private static List<Field> flat() {
    List<ArrowType> types = new ArrayList<>();
    types.add(ArrowType.Null.INSTANCE);
    types.add(ArrowType.Bool.INSTANCE);
    for (int bits = Byte.SIZE; bits <= Long.SIZE; bits *= 2) {
      types.add(new ArrowType.Int(bits, true));
      types.add(new ArrowType.Int(bits, false));
    }
    for (FloatingPointPrecision precision : FloatingPointPrecision.values()) {
      types.add(new ArrowType.FloatingPoint(precision));
    }
    types.add(new ArrowType.Decimal(30, 4, 128));
    types.add(new ArrowType.Decimal(60, 4, 256));
    types.add(new ArrowType.Date(DateUnit.DAY));
    types.add(new ArrowType.Date(DateUnit.MILLISECOND));
    types.add(new ArrowType.Time(TimeUnit.SECOND, Integer.SIZE));
    types.add(new ArrowType.Time(TimeUnit.MILLISECOND, Integer.SIZE));
    types.add(new ArrowType.Time(TimeUnit.MICROSECOND, Long.SIZE));
    types.add(new ArrowType.Time(TimeUnit.NANOSECOND, Long.SIZE));
    for (TimeUnit unit : TimeUnit.values()) {
      types.add(new ArrowType.Timestamp(unit, null));
      types.add(new ArrowType.Timestamp(unit, "Europe/Berlin"));
      types.add(new ArrowType.Duration(unit));
    }
    for (IntervalUnit unit : IntervalUnit.values()) {
      types.add(new ArrowType.Interval(unit));
    }
    types.add(new ArrowType.FixedSizeBinary(7));
    types.add(ArrowType.Utf8.INSTANCE);
    types.add(ArrowType.Binary.INSTANCE);
    types.add(ArrowType.LargeUtf8.INSTANCE);
    types.add(ArrowType.LargeBinary.INSTANCE);
    types.add(ArrowType.Utf8View.INSTANCE);
    types.add(ArrowType.BinaryView.INSTANCE);
    types.add(UuidType.INSTANCE);
    return types.stream().map(type -> Field.nullable("flat", type)).toList();
  }
}
