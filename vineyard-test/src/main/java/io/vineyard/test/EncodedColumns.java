package io.vineyard.test;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Columns of which those with a dictionary have become indices of it. */
record EncodedColumns(
    List<List<@Nullable Object>> columns, Map<DictionaryEncoding, ColumnWriter.Numbering> values) {

  static EncodedColumns of(Schema schema, List<List<@Nullable Object>> columns) {
    List<List<@Nullable Object>> encoded = new ArrayList<>();
    Map<DictionaryEncoding, ColumnWriter.Numbering> dictionaries = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      DictionaryEncoding encoding = schema.getFields().get(i).getDictionary();
      encoded.add(
          encoding == null ? columns.get(i) : encode(columns.get(i), encoding, dictionaries));
    }
    return new EncodedColumns(encoded, dictionaries);
  }

  private static List<@Nullable Object> encode(
      List<@Nullable Object> values,
      DictionaryEncoding encoding,
      Map<DictionaryEncoding, ColumnWriter.Numbering> dictionaries) {
    ColumnWriter.Numbering numbers =
        dictionaries.computeIfAbsent(encoding, key -> new ColumnWriter.Numbering());
    List<@Nullable Object> indices = new ArrayList<>();
    for (Object value : values) {
      indices.add(value == null ? null : numbers.number(value));
    }
    return indices;
  }

  List<@Nullable Object> column(int index) {
    return columns.get(index);
  }

  /** Makes the dictionaries, which the caller closes. */
  List<Dictionary> dictionaries(ColumnWriter writer) {
    List<Dictionary> made = new ArrayList<>();
    values.forEach(
        (encoding, numbers) -> {
          List<@Nullable Object> texts = numbers.values();
          Object first = texts.isEmpty() ? "" : Objects.requireNonNull(texts.get(0));
          Field field = new Field("values", FieldType.nullable(typeOf(first)), null);
          made.add(new Dictionary(writer.make(field, texts), encoding));
        });
    return made;
  }

  private static ArrowType typeOf(Object value) {
    if (value instanceof Long || value instanceof Integer) {
      return new ArrowType.Int(Long.SIZE, true);
    } else if (value instanceof Double) {
      return new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
    } else if (value instanceof byte[]) {
      return ArrowType.Binary.INSTANCE;
    }
    return ArrowType.Utf8.INSTANCE;
  }
}
