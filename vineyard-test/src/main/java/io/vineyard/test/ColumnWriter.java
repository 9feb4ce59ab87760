package io.vineyard.test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntToLongFunction;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.ExtensionTypeVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Fills columns of any type with values of Java. */
final class ColumnWriter {
  /** Stands for a value that nobody sees, as what it belongs to is null. */
  static final Object ABSENT = new Object();

  /**
   * A value of a union.
   *
   * @param child which of its types, by its place
   */
  record Variant(int child, @Nullable Object value) {}

  private final BufferAllocator allocator;

  ColumnWriter(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  /** Makes a column; the caller closes it. */
  FieldVector make(Field field, List<@Nullable Object> values) {
    FieldVector vector = field.createVector(allocator);
    try {
      fill(field, vector, values);
      return vector;
    } catch (RuntimeException | Error broken) {
      vector.close();
      throw broken;
    }
  }

  private void fill(Field field, FieldVector vector, List<@Nullable Object> given) {
    List<@Nullable Object> values = new ArrayList<>(given);
    values.replaceAll(value -> checked(field, value));
    if (vector instanceof ExtensionTypeVector<?> extension) {
      FieldVector storage = extension.getUnderlyingVector();
      values.replaceAll(LeafWriter::toStorage);
      fill(storage.getField(), storage, values);
      extension.setValueCount(values.size());
      return;
    }
    ArrowType type = field.getType();
    if (type instanceof ArrowType.Union union) {
      fillUnion(union, vector, values);
    } else if (vector instanceof RunEndEncodedVector) {
      fillRuns(vector, values);
    } else if (type instanceof ArrowType.Struct) {
      load(vector, values.size(), List.of(validity(values)));
      fillStruct(vector, values);
    } else if (type instanceof ArrowType.FixedSizeList list) {
      load(vector, values.size(), List.of(validity(values)));
      fillChild(vector, fixedParts(values, list.getListSize(), field));
    } else if (type.isComplex()) {
      fillLists(type, vector, values);
    } else {
      fillLeaf(field, vector, values);
    }
  }

  private static @Nullable Object checked(Field field, @Nullable Object value) {
    if (value == ABSENT) {
      return field.isNullable() ? null : LeafWriter.anyOf(field);
    }
    boolean mayBeNull =
        field.isNullable()
            || field.getType() instanceof ArrowType.Union
            || field.getType() instanceof ArrowType.RunEndEncoded;
    if (value == null && !mayBeNull) {
      throw new IllegalArgumentException(
          "expected a value in column " + field.getName() + ", which is not nullable, got null");
    }
    return value;
  }

  private void fillLeaf(Field field, FieldVector vector, List<@Nullable Object> values) {
    vector.setInitialCapacity(values.size());
    vector.allocateNew();
    if (vector instanceof BaseVariableWidthViewVector views) {
      // what follows a short value must be 0, which vectors leave to whoever fills them
      views.getDataBuffer().setZero(0, views.getDataBuffer().capacity());
    }
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      if (value == null) {
        vector.setNull(i);
      } else {
        LeafWriter.write(field, vector, i, value);
      }
    }
    vector.setValueCount(values.size());
  }

  private void fillChild(FieldVector vector, List<@Nullable Object> values) {
    FieldVector child = vector.getChildrenFromFields().get(0);
    fill(child.getField(), child, values);
  }

  private void fillStruct(FieldVector vector, List<@Nullable Object> values) {
    List<FieldVector> children = vector.getChildrenFromFields();
    for (int i = 0; i < children.size(); i++) {
      FieldVector child = children.get(i);
      String name = child.getName();
      List<@Nullable Object> parts = new ArrayList<>();
      for (Object value : values) {
        parts.add(part(vector.getField(), value, i, name));
      }
      fill(child.getField(), child, parts);
    }
  }

  private static @Nullable Object part(
      Field field, @Nullable Object value, int index, String name) {
    if (value == null) {
      return ABSENT;
    } else if (value instanceof Map<?, ?> map) {
      return map.get(name);
    } else if (value instanceof Map.Entry<?, ?> entry) {
      return index == 0 ? entry.getKey() : entry.getValue();
    } else if (value instanceof List<?> list) {
      return list.get(index);
    }
    throw LeafWriter.unfit(field, value);
  }

  private static List<@Nullable Object> fixedParts(
      List<@Nullable Object> values, int size, Field field) {
    List<@Nullable Object> parts = new ArrayList<>();
    for (Object value : values) {
      if (value == null) {
        parts.addAll(Collections.nCopies(size, ABSENT));
      } else if (value instanceof Collection<?> list && list.size() == size) {
        parts.addAll(list);
      } else {
        throw LeafWriter.unfit(field, value);
      }
    }
    return parts;
  }

  private void fillLists(ArrowType type, FieldVector vector, List<@Nullable Object> values) {
    boolean isLarge =
        type instanceof ArrowType.LargeList || type instanceof ArrowType.LargeListView;
    boolean isView = type instanceof ArrowType.ListView || type instanceof ArrowType.LargeListView;
    List<@Nullable Object> parts = new ArrayList<>();
    int[] offsets = new int[values.size() + 1];
    for (int i = 0; i < values.size(); i++) {
      Object value = values.get(i);
      if (value instanceof Map<?, ?> map) {
        parts.addAll(map.entrySet());
      } else if (value instanceof Collection<?> list) {
        parts.addAll(list);
      } else if (value != null) {
        throw LeafWriter.unfit(vector.getField(), value);
      }
      offsets[i + 1] = parts.size();
    }
    List<ArrowBuf> buffers = new ArrayList<>();
    buffers.add(validity(values));
    int width = isLarge ? Long.BYTES : Integer.BYTES;
    buffers.add(numbers(isView ? values.size() : values.size() + 1, width, i -> offsets[i]));
    if (isView) {
      buffers.add(numbers(values.size(), width, i -> offsets[i + 1] - offsets[i]));
    }
    load(vector, values.size(), buffers);
    fillChild(vector, parts);
  }

  private void fillUnion(ArrowType.Union union, FieldVector vector, List<@Nullable Object> values) {
    List<FieldVector> children = vector.getChildrenFromFields();
    List<List<@Nullable Object>> parts = new ArrayList<>();
    children.forEach(child -> parts.add(new ArrayList<>()));
    int[] which = new int[values.size()];
    int[] offsets = new int[values.size()];
    boolean isDense = union.getMode() == UnionMode.Dense;
    for (int i = 0; i < which.length; i++) {
      Variant variant = variant(vector.getField(), values.get(i));
      which[i] = variant.child;
      offsets[i] = parts.get(variant.child).size();
      for (int child = 0; child < parts.size(); child++) {
        if (child == variant.child) {
          parts.get(child).add(variant.value);
        } else if (!isDense) {
          parts.get(child).add(ABSENT);
        }
      }
    }
    int[] ids = union.getTypeIds();
    List<ArrowBuf> buffers = new ArrayList<>();
    buffers.add(numbers(which.length, Byte.BYTES, i -> ids == null ? which[i] : ids[which[i]]));
    if (isDense) {
      buffers.add(numbers(which.length, Integer.BYTES, i -> offsets[i]));
    }
    load(vector, which.length, buffers);
    for (int child = 0; child < parts.size(); child++) {
      fill(children.get(child).getField(), children.get(child), parts.get(child));
    }
  }

  private static Variant variant(Field field, @Nullable Object value) {
    if (value instanceof Variant variant) {
      return variant;
    } else if (value == null) {
      return new Variant(0, null);
    }
    List<String> names = field.getChildren().stream().map(Field::getName).toList();
    if (value instanceof Map<?, ?> map && map.size() == 1) {
      int child = names.indexOf(String.valueOf(map.keySet().iterator().next()));
      if (child >= 0) {
        return new Variant(child, map.values().iterator().next());
      }
    }
    throw new IllegalArgumentException(
        "expected a map of one of %s and a value for union %s, got %s"
            .formatted(names, field.getName(), value));
  }

  private void fillRuns(FieldVector vector, List<@Nullable Object> values) {
    List<@Nullable Object> runs = new ArrayList<>();
    List<@Nullable Object> ends = new ArrayList<>();
    for (int i = 0; i < values.size(); i++) {
      boolean isLast = i + 1 == values.size();
      if (isLast || !Objects.equals(values.get(i), values.get(i + 1))) {
        runs.add(values.get(i));
        ends.add(i + 1);
      }
    }
    load(vector, values.size(), List.of());
    List<FieldVector> children = vector.getChildrenFromFields();
    fill(children.get(0).getField(), children.get(0), ends);
    fill(children.get(1).getField(), children.get(1), runs);
  }

  private ArrowBuf validity(List<@Nullable Object> values) {
    byte[] bits = new byte[(values.size() + Byte.SIZE - 1) / Byte.SIZE];
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i) != null) {
        bits[i / Byte.SIZE] |= (byte) (1 << i % Byte.SIZE);
      }
    }
    return numbers(bits.length, Byte.BYTES, i -> bits[i]);
  }

  private ArrowBuf numbers(int count, int width, IntToLongFunction number) {
    long size = (long) count * width;
    ArrowBuf buffer = allocator.buffer(Math.max(size, 1));
    for (int i = 0; i < count; i++) {
      long at = (long) i * width;
      switch (width) {
        case Byte.BYTES -> buffer.setByte(at, (byte) number.applyAsLong(i));
        case Integer.BYTES -> buffer.setInt(at, (int) number.applyAsLong(i));
        default -> buffer.setLong(at, number.applyAsLong(i));
      }
    }
    return buffer.writerIndex(size);
  }

  private static void load(FieldVector vector, int values, List<ArrowBuf> buffers) {
    try {
      vector.loadFieldBuffers(new ArrowFieldNode(values, -1), buffers);
    } finally {
      buffers.forEach(ArrowBuf::close);
    }
  }

  /** Turns rows into columns. */
  static List<List<@Nullable Object>> transposed(int columns, List<Object[]> rows) {
    List<List<@Nullable Object>> all = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      all.add(new ArrayList<>());
    }
    for (Object[] row : rows) {
      if (row.length != columns) {
        throw new IllegalArgumentException(
            "expected rows of %d values, got %s".formatted(columns, Arrays.toString(row)));
      }
      for (int i = 0; i < columns; i++) {
        all.get(i).add(row[i]);
      }
    }
    return all;
  }

  /** Numbers values as they first come. */
  static final class Numbering {
    private final Map<Object, Integer> numbers = new LinkedHashMap<>();

    int number(Object value) {
      Integer known = numbers.putIfAbsent(value, numbers.size());
      return known == null ? numbers.size() - 1 : known;
    }

    List<@Nullable Object> values() {
      return new ArrayList<>(numbers.keySet());
    }
  }
}
