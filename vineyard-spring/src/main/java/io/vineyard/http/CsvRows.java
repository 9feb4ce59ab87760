package io.vineyard.http;

import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Rows as lines of values with commas between them, after RFC 4180 but for the ends of lines, which
 * are those of Unix. What is null is empty, an empty text is a pair of quotes.
 */
final class CsvRows implements RowText {
  private static final int MOST_PENDING_CHARACTERS = 4 << 10;

  private final StringBuilder line = new StringBuilder();
  private List<ColumnValues> columns = List.of();
  private @Nullable OutputStream target;

  @Override
  public void target(OutputStream next) {
    target = next;
  }

  @Override
  public void beginAll(Schema schema) {
    String separator = "";
    for (Field field : schema.getFields()) {
      line.append(separator);
      quote(field.getName());
      separator = ",";
    }
    line.append('\n');
  }

  @Override
  public void beginBatch(RecordBatch batch) {
    List<ColumnValues> made = new ArrayList<>(batch.columnCount());
    batch.vectors().forEach(vector -> made.add(ColumnValues.of(vector, batch.dictionaries())));
    columns = made;
  }

  @Override
  public void row(int row) throws IOException {
    for (int i = 0; i < columns.size(); i++) {
      if (i > 0) {
        line.append(',');
      }
      String value = columns.get(i).text(row);
      if (value != null) {
        quote(value);
      } else if (columns.size() == 1) {
        line.append("\"\""); // many take an empty line for none
      }
    }
    line.append('\n');
    if (line.length() > MOST_PENDING_CHARACTERS) {
      flush();
    }
  }

  private void quote(String value) {
    if (!isSpecial(value)) {
      line.append(value);
      return;
    }
    line.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      line.append(c);
      if (c == '"') {
        line.append(c);
      }
    }
    line.append('"');
  }

  private static boolean isSpecial(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == ',' || c == '"' || c == '\n' || c == '\r') {
        return true;
      }
    }
    return value.isEmpty() || value.charAt(0) == ' ' || value.charAt(value.length() - 1) == ' ';
  }

  @Override
  public void endBatch() {
    columns = List.of();
  }

  @Override
  public void endAll(boolean begun) {}

  @Override
  public void flush() throws IOException {
    Objects.requireNonNull(target).write(line.toString().getBytes(StandardCharsets.UTF_8));
    line.setLength(0);
  }
}
