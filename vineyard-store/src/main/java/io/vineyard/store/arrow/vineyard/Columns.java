package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/** The columns of a batch; whoever gets them closes the vectors and the dictionaries. */
public record Columns(
    BatchSchema schema, List<FieldVector> vectors, DictionarySet dictionaries, int rowCount) {
  static Columns of(BatchSchema schema, List<FieldVector> vectors, int rowCount) {
    return new Columns(schema, vectors, DictionarySet.EMPTY, rowCount);
  }

  void close() {
    vectors.forEach(FieldVector::close);
    dictionaries.close();
  }
}
