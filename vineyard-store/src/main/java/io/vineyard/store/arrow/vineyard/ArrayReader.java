package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.Malformed;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.jspecify.annotations.Nullable;

/** Reads the trees of Arrow's arrays, in all spellings of Vineyard's C++ and Python. */
final class ArrayReader {
  private static final String NUMERIC = "vineyard::NumericArray";
  private static final String VALUES = "values_";
  private static final String OFFSET = "offset_";
  private static final int MOST_DEPTH = 64;
  private static final String SUPPORTED =
      "NumericArray, BooleanArray, FixedSizeBinaryArray, NullArray, BaseBinaryArray, BaseListArray,"
          + " LargeListArray or FixedSizeListArray of vineyard";

  /** Arrays of text and bytes: whether offsets have 64 bits, and what the values are. */
  private static final Map<String, ArrowType> VARIABLE =
      Map.of(
          "vineyard::BaseBinaryArray<arrow::StringArray>", ArrowType.Utf8.INSTANCE,
          "vineyard::BaseBinaryArray<arrow::LargeStringArray>", ArrowType.LargeUtf8.INSTANCE,
          "vineyard::BaseBinaryArray<arrow::BinaryArray>", ArrowType.Binary.INSTANCE,
          "vineyard::BaseBinaryArray<arrow::LargeBinaryArray>", ArrowType.LargeBinary.INSTANCE,
          "vineyard::LargeStringArray", ArrowType.LargeUtf8.INSTANCE,
          "vineyard::LargeBinaryArray", ArrowType.LargeBinary.INSTANCE);

  private static final Map<String, ArrowType> LISTS =
      Map.of(
          "vineyard::BaseListArray<arrow::ListArray>", ArrowType.List.INSTANCE,
          "vineyard::BaseListArray<arrow::LargeListArray>", ArrowType.LargeList.INSTANCE,
          "vineyard::LargeListArray", ArrowType.LargeList.INSTANCE);

  private final Assembly out;

  ArrayReader(Assembly out) {
    this.out = out;
  }

  /** Returns whether this is the type name of an array. */
  static boolean accepts(String type) {
    return TypeNames.parameter(type, NUMERIC) != null
        || VARIABLE.containsKey(type)
        || LISTS.containsKey(type)
        || switch (type) {
          case "vineyard::BooleanArray",
              "vineyard::FixedSizeBinaryArray",
              "vineyard::NullArray",
              "vineyard::FixedSizeListArray" ->
              true;
          default -> false;
        };
  }

  /** Adds an array, and returns its field: the expected one as far as the array is of its type. */
  Field read(Tree array, Expected expected) {
    return read(array, expected, 0);
  }

  private Field read(Tree array, Expected expected, int depth) {
    if (depth > MOST_DEPTH) {
      throw Malformed.of("lists nested " + MOST_DEPTH + " deep at most", "more at " + array);
    }
    String element = TypeNames.parameter(array.type(), NUMERIC);
    if (element != null) {
      return readNumeric(array, expected, element);
    }
    ArrowType variable = VARIABLE.get(array.type());
    if (variable != null) {
      return readVariable(array, expected, variable);
    }
    ArrowType list = LISTS.get(array.type());
    if (list != null) {
      return readList(array, expected, list, depth);
    }
    return switch (array.type()) {
      case "vineyard::BooleanArray" -> readBits(array, expected);
      case "vineyard::FixedSizeBinaryArray" -> readFixed(array, expected);
      case "vineyard::NullArray" -> readNulls(array, expected);
      case "vineyard::FixedSizeListArray" -> readFixedList(array, expected, depth);
      default -> throw array.unsupported(SUPPORTED);
    };
  }

  private Field readNumeric(Tree array, Expected expected, String element) {
    Field field = expected.ofNumbers(array, TypeNames.element(element));
    int count = begin(array);
    fixed(array, TypeLayouts.bits(field.getType()) / Byte.SIZE, count);
    return field;
  }

  private Field readFixed(Tree array, Expected expected) {
    int width = array.size("byte_width_");
    if (width == 0 || width > Integer.MAX_VALUE / Byte.SIZE) {
      throw Malformed.of("values of 1 byte or more of " + array, width + " bytes");
    }
    Field field = expected.of(array, new ArrowType.FixedSizeBinary(width), List.of());
    fixed(array, width, begin(array));
    return field;
  }

  private void fixed(Tree array, int width, int count) {
    Region values = out.blob(array, "buffer_");
    if (count == 0) {
      out.none();
      return;
    }
    Region used = values.part((long) array.size(OFFSET) * width, Long.MAX_VALUE);
    out.inPlace(used.first((long) count * width, array.toString()));
  }

  private Field readBits(Tree array, Expected expected) {
    Field field = expected.of(array, ArrowType.Bool.INSTANCE, List.of());
    int count = begin(array);
    out.bits(out.blob(array, "buffer_"), array.size(OFFSET), count, array.toString());
    return field;
  }

  private Field readNulls(Tree array, Expected expected) {
    int count = array.size("length_");
    out.node(count, count);
    return expected.of(array, ArrowType.Null.INSTANCE, List.of());
  }

  private Field readVariable(Tree array, Expected expected, ArrowType own) {
    Field field = expected.of(array, own, List.of());
    int count = begin(array);
    offsets(array, TypeLayouts.offsetBytes(own), count);
    out.inPlace(count == 0 ? Region.EMPTY : out.blob(array, "buffer_data_"));
    return field;
  }

  private void offsets(Tree array, int width, int count) {
    Region offsets = out.blob(array, "buffer_offsets_");
    if (count == 0) {
      out.none();
      return;
    }
    Region used = offsets.part((long) array.size(OFFSET) * width, Long.MAX_VALUE);
    out.inPlace(used.first((count + 1L) * width, "offsets of " + array));
  }

  private Field readList(Tree array, Expected expected, ArrowType own, int depth) {
    offsets(array, TypeLayouts.offsetBytes(own), begin(array));
    Field child = read(array.member(VALUES), expected.child(), depth + 1);
    return expected.of(array, own, List.of(child));
  }

  /** These have neither nulls nor an offset in Vineyard. */
  private Field readFixedList(Tree array, Expected expected, int depth) {
    int size = array.size("list_size_");
    int count = array.size("length_");
    if (size == 0 && count > 0) {
      throw Malformed.of("lists of 1 value or more of " + array, "0");
    }
    out.node(count, 0);
    out.none();
    Field child = read(array.member(VALUES), expected.child(), depth + 1);
    return expected.of(array, new ArrowType.FixedSizeList(size), List.of(child));
  }

  /** Adds the vector and its validity; returns how many values it has. */
  private int begin(Tree array) {
    int count = array.size("length_");
    int offset = array.size(OFFSET, 0);
    Object nulls = array.meta().fields().get("null_count_");
    if (!(nulls instanceof Long number) || number < -1 || number > count) {
      throw Malformed.of("null_count_ of " + array + " from -1 to " + count, "" + nulls);
    }
    Region bitmap = out.blob(array, "null_bitmap_");
    boolean hasNulls = number > 0 || (number < 0 && bitmap.sizeBytes() > 0);
    // with a count, Arrow would make validity of its own where there are no or only nulls
    out.node(count, hasNulls ? -1 : 0);
    if (hasNulls) {
      out.bits(bitmap, offset, count, "validity of " + array);
    } else {
      out.none();
    }
    return count;
  }

  /** Returns a field of the type that an array has by itself. */
  static Field field(String name, ArrowType type, List<Field> children) {
    return new Field(name, FieldType.nullable(type), children);
  }

  /** What a schema says of an array; it may say nothing. */
  record Expected(String name, @Nullable Field field) {
    static Expected nothing(String name) {
      return new Expected(name, null);
    }

    static Expected of(Field field) {
      return new Expected(field.getName(), field);
    }

    /** Returns what the schema says of the values of lists. */
    Expected child() {
      return field == null || field.getChildren().size() != 1
          ? nothing("item")
          : of(field.getChildren().get(0));
    }

    /** Returns the field for numbers, of which the array tells the width at most. */
    Field ofNumbers(Tree array, @Nullable ArrowType own) {
      if (own != null && !(own instanceof ArrowType.Bool)) {
        return of(array, own, List.of());
      }
      if (field == null || TypeLayouts.bits(TypeLayouts.storage(field.getType())) < Byte.SIZE) {
        throw array.unsupported("numbers of a known type");
      }
      return field;
    }

    Field of(Tree array, ArrowType own, List<Field> children) {
      if (field == null) {
        return ArrayReader.field(name, own, children);
      }
      if (field.getDictionary() != null) {
        throw array.unsupported("a column without a dictionary for " + field);
      }
      ArrowType said = TypeLayouts.storage(field.getType());
      if (TypeLayouts.areSame(said, own)) {
        FieldType type =
            new FieldType(field.isNullable(), field.getType(), null, field.getMetadata());
        return new Field(name, type, children);
      }
      if (!TypeLayouts.areAlike(said, own)) {
        throw Malformed.of("an array of " + said + " for column " + name, array.toString());
      }
      FieldType type =
          new FieldType(
              field.isNullable() || own instanceof ArrowType.Null,
              TypeLayouts.own(said, own),
              null,
              field.getMetadata());
      return new Field(name, type, children);
    }
  }
}
