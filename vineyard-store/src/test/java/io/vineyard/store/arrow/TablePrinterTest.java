package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a person sees of a batch. */
class TablePrinterTest {
  private final BufferAllocator allocator = new RootAllocator();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
  }

  private IntVector numbers(String name, Integer... values) {
    IntVector vector = new IntVector(name, allocator);
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        vector.setNull(i);
      } else {
        vector.setSafe(i, values[i]);
      }
    }
    vector.setValueCount(values.length);
    return vector;
  }

  private VarCharVector texts(String name, String... values) {
    VarCharVector vector = new VarCharVector(name, allocator);
    for (int i = 0; i < values.length; i++) {
      if (values[i] != null) {
        vector.setSafe(i, values[i].getBytes(StandardCharsets.UTF_8));
      }
    }
    vector.setValueCount(values.length);
    return vector;
  }

  private static String table(int rows, FieldVector... columns) {
    try (RecordBatch batch = batch(columns)) {
      return batch.toTable(rows);
    }
  }

  private static RecordBatch batch(FieldVector... columns) {
    return RecordBatch.of(new VectorSchemaRoot(List.of(columns)));
  }

  @Test
  void numbersAreOnTheRightAndTextsOnTheLeft() {
    assertThat(table(5, numbers("n", 1, 10_000, -3), texts("text", "a", "bcd", "")))
        .isEqualTo(
            """
                n  text
                1  a
            10000  bcd
               -3
            """);
  }

  @Test
  void nullsAreShown() {
    assertThat(table(5, numbers("n", null, 7), texts("t", "x", null)))
        .isEqualTo(
            """
               n  t
            null  x
               7  null
            """);
  }

  @Test
  void whatIsTooWideIsCutOff() {
    String wide = "0123456789".repeat(5);
    assertThat(table(1, texts(wide, wide)))
        .isEqualTo(
            """
            01234567890123456789012…
            01234567890123456789012…
            """);
  }

  @Test
  void charactersOfTwoUnitsAreNotCutApart() {
    String faces = "\uD83D\uDE00".repeat(30);
    String printed = table(1, texts("t", faces));
    assertThat(printed).contains("\uD83D\uDE00").endsWith("…\n");
    assertThat(printed.getBytes(StandardCharsets.UTF_8)).doesNotContain((byte) '?');
  }

  @Test
  void linesAndControlCharactersStayInTheirCell() {
    assertThat(table(2, texts("a\nb", "x\r\ny", "\tz\u001b[31m")))
        .isEqualTo("a b\nx  y\n z [31m\n");
  }

  @Test
  void rowsThatAreLeftOutAreCounted() {
    Integer[] many = IntStream.range(0, 12).boxed().toArray(Integer[]::new);
    assertThat(table(2, numbers("n", many))).isEqualTo("n\n0\n1\n... 10 more rows\n");
    assertThat(table(0, numbers("n", 1))).isEqualTo("n\n... 1 more row\n");
    assertThat(table(-1, numbers("n", 1))).isEqualTo("n\n... 1 more row\n");
  }

  @Test
  void batchWithoutRowsShowsItsColumns() {
    assertThat(table(5, numbers("n"), texts("t"))).isEqualTo("n  t\n");
  }

  @Test
  void batchWithoutColumnsShowsItsRows() {
    VectorSchemaRoot root = new VectorSchemaRoot(new Schema(List.of()), List.of(), 3);
    try (RecordBatch batch = RecordBatch.of(root)) {
      assertThat(batch.toString()).isEqualTo("RecordBatch of 3 rows x 0 columns\n");
    }
  }

  @Test
  void columnWithoutANameKeepsItsPlace() {
    assertThat(table(1, numbers("", 1), numbers("b", 2))).isEqualTo("   b\n1  2\n");
  }

  @Test
  void unsignedAndHalfNumbersAreShownAsWhatTheyAre() {
    UInt1Vector bytes = new UInt1Vector("u1", allocator);
    bytes.setSafe(0, (byte) -1);
    UInt2Vector shorts = new UInt2Vector("u2", allocator);
    shorts.setSafe(0, 0xFFFF);
    UInt4Vector ints = new UInt4Vector("u4", allocator);
    ints.setSafe(0, -1);
    UInt8Vector longs = new UInt8Vector("u8", allocator);
    longs.setSafe(0, -1L);
    Float2Vector halves = new Float2Vector("f2", allocator);
    halves.setSafe(0, Float16.toFloat16(1.5f));
    List<FieldVector> columns = List.of(bytes, shorts, ints, longs, halves);
    columns.forEach(column -> column.setValueCount(2));
    assertThat(table(2, columns.toArray(FieldVector[]::new)))
        .isEqualTo(
            """
              u1     u2          u4                    u8    f2
             255  65535  4294967295  18446744073709551615   1.5
            null   null        null                  null  null
            """);
  }

  @Test
  void nestedValuesAreShown() {
    ListVector list = ListVector.empty("list", allocator);
    UnionListWriter writer = list.getWriter();
    writer.startList();
    writer.integer().writeInt(1);
    writer.integer().writeInt(2);
    writer.endList();
    writer.setPosition(1);
    writer.startList();
    writer.endList();
    list.setValueCount(2);
    StructVector struct = StructVector.empty("struct", allocator);
    BigIntVector child =
        struct.addOrGet(
            "x", FieldType.nullable(new ArrowType.Int(Long.SIZE, true)), BigIntVector.class);
    child.setSafe(0, 5L);
    child.setNull(1);
    struct.setIndexDefined(0);
    struct.setNull(1);
    struct.setValueCount(2);
    assertThat(table(5, list, struct))
        .isEqualTo(
            """
            list   struct
            [1,2]  {"x":5}
            []     null
            """);
  }

  @Test
  void bytesAreShownAsHexadecimalDigits() {
    VarBinaryVector vector = new VarBinaryVector("b", allocator);
    vector.setSafe(0, new byte[] {0, (byte) 0xFF, 0x1A});
    vector.setSafe(1, new byte[0]);
    vector.setSafe(2, new byte[100]);
    vector.setValueCount(3);
    assertThat(table(3, vector)).isEqualTo("b\n00ff1a\n\n00000000000000000000000…\n");
  }

  @Test
  void valuesOfDictionariesAreShownInsteadOfTheirIndices() {
    DictionaryEncoding encoding = new DictionaryEncoding(1, false, null);
    List<FieldVector> columns = new ArrayList<>();
    try (VarCharVector words = texts("words", "one", "two");
        VarCharVector column = texts("d", "two", null, "one")) {
      Dictionary dictionary = new Dictionary(words, encoding);
      columns.add((FieldVector) DictionaryEncoder.encode(column, dictionary));
      VectorSchemaRoot root = new VectorSchemaRoot(columns);
      try (RecordBatch batch =
          RecordBatch.of(root, new DictionaryProvider.MapDictionaryProvider(dictionary))) {
        assertThat(batch.toTable(3)).isEqualTo("d\ntwo\nnull\none\n");
      }
    }
  }

  @Test
  void textOfABatchSaysHowLargeItIsAndWhetherItIsClosed() {
    RecordBatch batch = batch(numbers("n", 1, 2));
    assertThat(batch).hasToString("RecordBatch of 2 rows x 1 columns\nn\n1\n2\n");
    batch.close();
    assertThat(batch).hasToString("RecordBatch of 2 rows x 1 columns, closed");
  }

  @Test
  void everyTypeIsShown() {
    for (RandomTypes.Type type : RandomTypes.all()) {
      RandomBatches random = new RandomBatches(1, allocator);
      try (RecordBatch batch = random.batch(List.of(RandomBatches.field("x", type)), 7)) {
        assertThat(batch.toTable(7).lines()).as("%s", type).hasSize(8);
      }
    }
  }
}
