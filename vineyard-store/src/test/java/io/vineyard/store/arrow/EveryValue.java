package io.vineyard.store.arrow;

import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.dictionary.DictionaryProvider;

/** Reads all values of batches as an application would, one by one. */
final class EveryValue {
  /** Columns without bytes may have billions of rows; of those only the ends are read. */
  private static final int MOST_VALUES = 10_000;

  private EveryValue() {}

  /** Reads columns and dictionaries; returns how many characters all values have as text. */
  static long read(RecordBatch batch) {
    long characters = 0;
    for (FieldVector vector : batch.vectors()) {
      characters += read(vector);
    }
    DictionaryProvider dictionaries = batch.dictionaries();
    for (long id : dictionaries.getDictionaryIds()) {
      characters += read(dictionaries.lookup(id).getVector());
    }
    return characters;
  }

  /** Reads a column; returns how many characters all values have as text. */
  static long read(FieldVector vector) {
    int values = vector.getValueCount();
    long characters = vector.getNullCount();
    int first = Math.min(values, MOST_VALUES);
    for (int i = 0; i < first; i++) {
      characters += read(vector, i);
    }
    for (int i = Math.max(first, values - MOST_VALUES); i < values; i++) {
      characters += read(vector, i);
    }
    List<FieldVector> children = vector.getChildrenFromFields();
    for (FieldVector child : children) {
      characters += read(child);
    }
    return characters;
  }

  private static long read(FieldVector vector, int index) {
    if (!(vector instanceof RunEndEncodedVector) && vector.isNull(index)) {
      return 0;
    }
    Object value = vector.getObject(index);
    if (value instanceof byte[] bytes) {
      return bytes.length;
    }
    return value == null ? 0 : value.toString().length();
  }
}
