package io.vineyard.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntToLongFunction;
import org.apache.arrow.vector.ExtensionTypeVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.complex.BaseListVector;
import org.apache.arrow.vector.complex.DenseUnionVector;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.LargeListViewVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.NonNullableStructVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.complex.UnionVector;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/**
 * Values that are made of others. Lists are arrays; structs are objects, and so are maps whose keys
 * are texts, while other maps are arrays of objects with {@code key} and {@code value}. As text,
 * they are their JSON.
 */
final class NestedValues implements ColumnValues {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final ValueVector vector;
  private final Writing writing;

  /** Writes a value that is not null. */
  private interface Writing {
    void write(JsonGenerator out, int row) throws IOException;
  }

  private NestedValues(ValueVector vector, Writing writing) {
    this.vector = vector;
    this.writing = writing;
  }

  static ColumnValues of(ValueVector vector, DictionaryProvider dictionaries) {
    if (vector instanceof ExtensionTypeVector<?> extension) {
      return extension(extension, dictionaries);
    } else if (vector instanceof RunEndEncodedVector runs) {
      ColumnValues values = ColumnValues.of(runs.getValuesVector(), dictionaries);
      return new IndirectValues(row -> values, runs::getPhysicalIndex);
    } else if (vector instanceof UnionVector union) {
      return union(union, dictionaries);
    } else if (vector instanceof DenseUnionVector union) {
      return union(union, dictionaries);
    }
    return new NestedValues(vector, writing(vector, dictionaries));
  }

  private static Writing writing(ValueVector vector, DictionaryProvider dictionaries) {
    if (vector instanceof MapVector map) {
      return map(map, dictionaries);
    } else if (vector instanceof BaseListVector list) {
      return list(list, list::getElementStartIndex, list::getElementEndIndex, dictionaries);
    } else if (vector instanceof LargeListVector list) {
      return list(list, list::getElementStartIndex, list::getElementEndIndex, dictionaries);
    } else if (vector instanceof LargeListViewVector list) {
      IntToLongFunction start = row -> list.getOffsetBuffer().getLong((long) row * Long.BYTES);
      return list(
          list,
          start,
          row -> start.applyAsLong(row) + list.getSizeBuffer().getLong((long) row * Long.BYTES),
          dictionaries);
    } else if (vector instanceof NonNullableStructVector struct) {
      return struct(struct, dictionaries);
    }
    throw VineyardException.of(
        ErrorCode.UNSUPPORTED,
        "expected a column that has a form as text, got " + vector.getField());
  }

  private static Writing list(
      FieldVector list, IntToLongFunction start, IntToLongFunction end, DictionaryProvider all) {
    ColumnValues values = ColumnValues.of(list.getChildrenFromFields().get(0), all);
    return (out, row) -> {
      out.writeStartArray();
      // vectors have at most as many values as an int can count
      int last = (int) end.applyAsLong(row);
      for (int i = (int) start.applyAsLong(row); i < last; i++) {
        values.json(out, i);
      }
      out.writeEndArray();
    };
  }

  private static ColumnValues extension(
      ExtensionTypeVector<?> extension, DictionaryProvider dictionaries) {
    if (isUuid(extension)) {
      return PlainValues.ofTexts(extension, row -> extension.getObject(row).toString());
    }
    return ColumnValues.of(extension.getUnderlyingVector(), dictionaries);
  }

  private static boolean isUuid(ExtensionTypeVector<?> extension) {
    for (int row = 0; row < extension.getValueCount(); row++) {
      if (!extension.isNull(row)) {
        return extension.getObject(row) instanceof UUID;
      }
    }
    return false;
  }

  private static Writing struct(NonNullableStructVector struct, DictionaryProvider dictionaries) {
    List<String> names = new ArrayList<>();
    List<ColumnValues> values = new ArrayList<>();
    for (FieldVector child : struct.getChildrenFromFields()) {
      names.add(child.getName());
      values.add(ColumnValues.of(child, dictionaries));
    }
    return (out, row) -> {
      out.writeStartObject();
      for (int i = 0; i < names.size(); i++) {
        out.writeFieldName(names.get(i));
        values.get(i).json(out, row);
      }
      out.writeEndObject();
    };
  }

  private static Writing map(MapVector map, DictionaryProvider dictionaries) {
    List<FieldVector> entry = map.getDataVector().getChildrenFromFields();
    ColumnValues keys = ColumnValues.of(entry.get(0), dictionaries);
    ColumnValues values = ColumnValues.of(entry.get(1), dictionaries);
    ArrowType keyType = entry.get(0).getField().getType();
    boolean isObject =
        keyType instanceof ArrowType.Utf8
            || keyType instanceof ArrowType.LargeUtf8
            || keyType instanceof ArrowType.Utf8View;
    return (out, row) -> {
      if (isObject) {
        out.writeStartObject();
      } else {
        out.writeStartArray();
      }
      for (int i = map.getElementStartIndex(row); i < map.getElementEndIndex(row); i++) {
        if (isObject) {
          out.writeFieldName(String.valueOf(keys.text(i)));
          values.json(out, i);
        } else {
          entry(out, keys, values, i);
        }
      }
      if (isObject) {
        out.writeEndObject();
      } else {
        out.writeEndArray();
      }
    };
  }

  private static void entry(JsonGenerator out, ColumnValues keys, ColumnValues values, int index)
      throws IOException {
    out.writeStartObject();
    out.writeFieldName("key");
    keys.json(out, index);
    out.writeFieldName("value");
    values.json(out, index);
    out.writeEndObject();
  }

  private static ColumnValues union(UnionVector union, DictionaryProvider dictionaries) {
    IdentityHashMap<ValueVector, ColumnValues> children = new IdentityHashMap<>();
    return new IndirectValues(
        row -> {
          ValueVector child = union.getVector(row);
          return child == null
              ? null
              : children.computeIfAbsent(child, key -> ColumnValues.of(key, dictionaries));
        },
        row -> row);
  }

  private static ColumnValues union(DenseUnionVector union, DictionaryProvider dictionaries) {
    Map<Byte, ColumnValues> children = new HashMap<>();
    return new IndirectValues(
        row ->
            union.getTypeId(row) < 0
                ? null
                : children.computeIfAbsent(
                    union.getTypeId(row),
                    id -> ColumnValues.of(union.getVectorByType(id), dictionaries)),
        union::getOffset);
  }

  @Override
  public void json(JsonGenerator out, int row) throws IOException {
    if (vector.isNull(row)) {
      out.writeNull();
    } else {
      writing.write(out, row);
    }
  }

  @Override
  public @Nullable String text(int row) throws IOException {
    if (vector.isNull(row)) {
      return null;
    }
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      writing.write(out, row);
    }
    return text.toString();
  }
}
