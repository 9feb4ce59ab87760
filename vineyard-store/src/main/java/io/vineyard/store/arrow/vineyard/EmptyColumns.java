package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.BatchSchema;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;

/** Columns without a row, for those who have sent a schema and nothing else. */
final class EmptyColumns {
  private EmptyColumns() {}

  static Columns of(BatchSchema schema) {
    if (!schema.dictionaries().isEmpty()) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR,
          "expected a batch with the dictionaries "
              + schema.dictionaries().keySet()
              + ", got none");
    }
    List<FieldVector> vectors = new ArrayList<>();
    for (Field field : schema.memory().getFields()) {
      vectors.add(field.createVector(Allocators.VIEWS));
    }
    return Columns.of(schema, vectors, 0);
  }
}
