package io.vineyard.store.arrow;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Prints the first rows of a batch as a table of text. */
final class TablePrinter {
  private static final int MOST_CHARACTERS = 24;
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
  private static final String GAP = "  ";

  private TablePrinter() {}

  static String print(RecordBatch batch, int rows) {
    if (batch.columnCount() == 0) {
      return "";
    }
    int shown = Math.min(Math.max(rows, 0), batch.rowCount());
    List<String> lines = column(batch, 0, shown);
    for (int column = 1; column < batch.columnCount(); column++) {
      List<String> cells = column(batch, column, shown);
      for (int line = 0; line < lines.size(); line++) {
        lines.set(line, lines.get(line) + GAP + cells.get(line));
      }
    }
    StringBuilder table = new StringBuilder();
    lines.forEach(line -> table.append(line.stripTrailing()).append('\n'));
    if (shown < batch.rowCount()) {
      int left = batch.rowCount() - shown;
      table.append("... ").append(left).append(left == 1 ? " more row\n" : " more rows\n");
    }
    return table.toString();
  }

  private static List<String> column(RecordBatch batch, int column, int rows) {
    FieldVector vector = batch.vector(column);
    Field field = batch.schema().getFields().get(column);
    List<String> cells = new ArrayList<>();
    cells.add(shortened(field.getName()));
    for (int row = 0; row < rows; row++) {
      cells.add(shortened(text(value(vector, row, batch))));
    }
    int width = cells.stream().mapToInt(String::length).max().orElse(0);
    boolean isRight = isNumber(field);
    cells.replaceAll(
        cell -> {
          String space = " ".repeat(width - cell.length());
          return isRight ? space + cell : cell + space;
        });
    return cells;
  }

  private static @Nullable Object value(FieldVector vector, int row, RecordBatch batch) {
    DictionaryEncoding encoding = vector.getField().getDictionary();
    Dictionary dictionary = encoding == null ? null : batch.dictionaries().lookup(encoding.getId());
    if (dictionary != null && vector instanceof BaseIntVector indices) {
      return vector.isNull(row)
          ? null
          : plain(dictionary.getVector(), (int) indices.getValueAsLong(row));
    }
    return plain(vector, row);
  }

  /** The vectors of some types return objects that say nothing to a person. */
  private static @Nullable Object plain(FieldVector vector, int row) {
    if (vector instanceof BaseIntVector numbers && isUnsigned(vector.getField().getType())) {
      return vector.isNull(row) ? null : Long.toUnsignedString(numbers.getValueAsLong(row));
    }
    if (vector instanceof Float2Vector numbers) {
      return vector.isNull(row) ? null : numbers.getValueAsFloat(row);
    }
    return vector.getObject(row);
  }

  private static boolean isUnsigned(ArrowType type) {
    return type instanceof ArrowType.Int number && !number.getIsSigned();
  }

  private static boolean isNumber(Field field) {
    ArrowType type = field.getType();
    return field.getDictionary() == null
        && (type instanceof ArrowType.Int
            || type instanceof ArrowType.FloatingPoint
            || type instanceof ArrowType.Decimal);
  }

  private static String text(@Nullable Object value) {
    return value instanceof byte[] bytes
        ? HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, MOST_CHARACTERS))
        : String.valueOf(value);
  }

  /** Has one line of a text, without what a terminal would take as a command. */
  private static String shortened(String text) {
    int end = text.length() <= MOST_CHARACTERS ? text.length() : MOST_CHARACTERS - 1;
    boolean isApart =
        end > 0 && end < text.length() && Character.isHighSurrogate(text.charAt(end - 1));
    String start = text.substring(0, isApart ? end - 1 : end);
    String line = CONTROL.matcher(start).replaceAll(" ");
    return end < text.length() ? line + "…" : line;
  }
}
