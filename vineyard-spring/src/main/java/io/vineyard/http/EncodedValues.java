package io.vineyard.http;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.ValueVector;
import org.jspecify.annotations.Nullable;

/** Values that a dictionary has. */
final class EncodedValues implements ColumnValues {
  private static final int BYTE_MASK = 0xFF;
  private static final int SHORT_MASK = 0xFFFF;

  private final ValueVector indices;
  private final ColumnValues values;
  private final long mask;

  EncodedValues(ValueVector indices, ColumnValues values) {
    this.indices = indices;
    this.values = values;
    if (indices instanceof UInt1Vector) {
      mask = BYTE_MASK;
    } else {
      mask = indices instanceof UInt2Vector ? SHORT_MASK : Integer.MAX_VALUE;
    }
  }

  private int index(int row) {
    return (int) (((BaseIntVector) indices).getValueAsLong(row) & mask);
  }

  @Override
  public void json(JsonGenerator out, int row) throws IOException {
    if (indices.isNull(row)) {
      out.writeNull();
    } else {
      values.json(out, index(row));
    }
  }

  @Override
  public @Nullable String text(int row) throws IOException {
    return indices.isNull(row) ? null : values.text(index(row));
  }
}
