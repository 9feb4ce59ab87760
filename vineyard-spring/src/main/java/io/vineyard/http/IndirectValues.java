package io.vineyard.http;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/** Values that are in other columns: of runs, and of unions. */
final class IndirectValues implements ColumnValues {
  private final IntFunction<@Nullable ColumnValues> column;
  private final IntUnaryOperator index;

  /**
   * Makes them.
   *
   * @param column returns the column that has the value of a row, null for no value
   * @param index returns where in it the value is
   */
  IndirectValues(IntFunction<@Nullable ColumnValues> column, IntUnaryOperator index) {
    this.column = column;
    this.index = index;
  }

  @Override
  public void json(JsonGenerator out, int row) throws IOException {
    ColumnValues values = column.apply(row);
    if (values == null) {
      out.writeNull();
    } else {
      values.json(out, index.applyAsInt(row));
    }
  }

  @Override
  public @Nullable String text(int row) throws IOException {
    ColumnValues values = column.apply(row);
    return values == null ? null : values.text(index.applyAsInt(row));
  }
}
