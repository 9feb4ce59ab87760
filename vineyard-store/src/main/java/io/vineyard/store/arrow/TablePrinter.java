package io.vineyard.store.arrow;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Prints the first rows of a batch as a table of text. */
final class TablePrinter {
  private static final int MOST_CHARACTERS = 24;
  private static final String GAP = "  ";

  private TablePrinter() {}

  static String print(RecordBatch batch, int rows) {
    int shown = Math.min(Math.max(rows, 0), batch.rowCount());
    List<String> lines = new ArrayList<>();
    for (int row = -1; row < shown; row++) {
      lines.add("");
    }
    for (FieldVector vector : batch.vectors()) {
      append(lines, vector, batch);
    }
    StringBuilder table = new StringBuilder();
    lines.forEach(line -> table.append(line.stripTrailing()).append('\n'));
    if (shown < batch.rowCount()) {
      table.append("... ").append(batch.rowCount() - shown).append(" more rows\n");
    }
    return table.toString();
  }

  private static void append(List<String> lines, FieldVector vector, RecordBatch batch) {
    Field field = vector.getField();
    List<String> cells = new ArrayList<>();
    cells.add(shortened(field.getName()));
    for (int row = 0; row < lines.size() - 1; row++) {
      cells.add(shortened(String.valueOf(value(vector, row, batch))));
    }
    int width = cells.stream().mapToInt(String::length).max().orElse(0);
    boolean isRight = isNumber(field);
    for (int line = 0; line < lines.size(); line++) {
      String space = " ".repeat(width - cells.get(line).length());
      String cell = isRight ? space + cells.get(line) : cells.get(line) + space;
      String before = lines.get(line);
      lines.set(line, before.isEmpty() ? cell : before + GAP + cell);
    }
  }

  private static @Nullable Object value(FieldVector vector, int row, RecordBatch batch) {
    Object value = vector.getObject(row);
    var encoding = vector.getField().getDictionary();
    if (value instanceof Number index && encoding != null) {
      Dictionary dictionary = batch.dictionaries().lookup(encoding.getId());
      return dictionary == null ? value : dictionary.getVector().getObject(index.intValue());
    }
    return value;
  }

  private static boolean isNumber(Field field) {
    ArrowType type = field.getType();
    return field.getDictionary() == null
        && (type instanceof ArrowType.Int
            || type instanceof ArrowType.FloatingPoint
            || type instanceof ArrowType.Decimal);
  }

  private static String shortened(String text) {
    String line = text.replace('\n', ' ');
    return line.length() <= MOST_CHARACTERS ? line : line.substring(0, MOST_CHARACTERS - 1) + "…";
  }
}
