package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.arrow.vector.FieldVector;

/** Compares batches whose columns may be laid out differently, such as text with long offsets. */
public final class SameValues {
  private SameValues() {}

  /** Fails unless all values are the same. */
  public static void check(RecordBatch batch, RecordBatch expected) {
    assertThat(batch.rowCount()).isEqualTo(expected.rowCount());
    assertThat(batch.columnCount()).isEqualTo(expected.columnCount());
    assertThat(batch.schema().getCustomMetadata()).isEqualTo(expected.schema().getCustomMetadata());
    for (int i = 0; i < batch.columnCount(); i++) {
      check(batch.vector(i), expected.vector(i));
    }
  }

  private static void check(FieldVector vector, FieldVector expected) {
    assertThat(vector.getName()).isEqualTo(expected.getName());
    assertThat(vector.getNullCount())
        .as("%s", vector.getField())
        .isEqualTo(expected.getNullCount());
    for (int row = 0; row < expected.getValueCount(); row++) {
      assertThat(vector.getObject(row))
          .as("%s in row %s", vector.getField(), row)
          .isEqualTo(expected.getObject(row));
    }
  }
}
