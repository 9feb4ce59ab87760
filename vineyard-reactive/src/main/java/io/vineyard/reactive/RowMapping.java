package io.vineyard.reactive;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** How the rows of batches become records of a class, and records rows. */
final class RowMapping<R extends Record> {
  private final Class<R> type;
  private final List<Component> components;
  private final Constructor<R> constructor;

  private record Component(String name, Class<?> type, RowType rowType, Method accessor) {}

  /** Where the values of a component are in a batch. */
  private record Source(Component component, FieldVector vector, @Nullable FieldVector dictionary) {

    @Nullable Object read(int row) {
      FieldVector values = dictionary == null ? vector : dictionary;
      if (vector.isNull(row)) {
        return absent(row);
      }
      int at =
          dictionary == null ? row : Math.toIntExact(((BaseIntVector) vector).getValueAsLong(row));
      if (values.isNull(at)) {
        return absent(row);
      }
      try {
        return component.rowType.reader().read(values, at);
      } catch (ArithmeticException | DateTimeException unfit) {
        throw wrong(row, unfit.getMessage());
      }
    }

    private @Nullable Object absent(int row) {
      if (component.type.isPrimitive()) {
        throw wrong(row, "it is null");
      }
      return null;
    }

    private VineyardException wrong(int row, @Nullable String why) {
      return VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected a value of type %s in column %s, row %d: %s"
              .formatted(component.type.getSimpleName(), component.name, row, why));
    }
  }

  private RowMapping(Class<R> type) throws NoSuchMethodException {
    this.type = type;
    this.components = new ArrayList<>();
    RecordComponent[] declared = type.getRecordComponents();
    if (declared == null) {
      throw VineyardException.of(ErrorCode.INVALID, "expected a record, got " + type);
    }
    for (RecordComponent component : declared) {
      RowType rowType = RowType.of(component.getType());
      if (rowType == null) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED,
            "expected components whose values columns can have, got " + component + " of " + type);
      }
      Method accessor = component.getAccessor();
      accessor.setAccessible(true); // the record may be a private one
      components.add(new Component(component.getName(), component.getType(), rowType, accessor));
    }
    this.constructor =
        type.getDeclaredConstructor(
            Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new));
    constructor.setAccessible(true);
  }

  static <R extends Record> RowMapping<R> of(Class<R> type) {
    Objects.requireNonNull(type, "type");
    try {
      return new RowMapping<>(type);
    } catch (NoSuchMethodException absent) {
      throw new IllegalStateException("expected a constructor of record " + type, absent);
    }
  }

  Schema schema() {
    List<Field> fields = new ArrayList<>();
    for (Component component : components) {
      if (component.rowType.written() == null) {
        throw VineyardException.of(
            ErrorCode.UNSUPPORTED,
            "expected components whose columns are known, got %s of type %s"
                .formatted(component.name, component.type.getSimpleName()));
      }
      boolean nullable = !component.type.isPrimitive();
      FieldType fieldType = new FieldType(nullable, component.rowType.written(), null);
      fields.add(new Field(component.name, fieldType, null));
    }
    return new Schema(fields);
  }

  List<R> read(RecordBatch batch) {
    List<Source> sources = new ArrayList<>();
    for (Component component : components) {
      sources.add(source(component, batch));
    }
    List<R> records = new ArrayList<>(batch.rowCount());
    for (int row = 0; row < batch.rowCount(); row++) {
      @Nullable Object[] values = new Object[sources.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = sources.get(i).read(row);
      }
      records.add(make(values));
    }
    return records;
  }

  private static Source source(Component component, RecordBatch batch) {
    FieldVector vector = batch.vector(component.name);
    DictionaryEncoding encoding = vector.getField().getDictionary();
    FieldVector dictionary =
        encoding == null ? null : batch.dictionaries().lookup(encoding.getId()).getVector();
    Field field = (dictionary == null ? vector : dictionary).getField();
    if (!component.rowType.readable().test(field.getType())) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected a column for %s %s, got %s"
              .formatted(component.type.getSimpleName(), component.name, field));
    }
    return new Source(component, vector, dictionary);
  }

  private R make(@Nullable Object[] values) {
    try {
      return constructor.newInstance(values);
    } catch (InvocationTargetException refused) {
      throw refused(refused.getCause());
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException("expected to make a " + type, broken);
    }
  }

  /** What the code of a record throws is its user's. */
  private static RuntimeException refused(@Nullable Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(cause);
  }

  RecordBatch write(List<R> records, BufferAllocator allocator) {
    VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator);
    try {
      for (int i = 0; i < components.size(); i++) {
        write(components.get(i), records, root.getVector(i));
      }
      root.setRowCount(records.size());
      return RecordBatch.of(root);
    } catch (RuntimeException | Error broken) {
      root.close();
      throw broken;
    }
  }

  private void write(Component component, List<R> records, FieldVector vector) {
    vector.setInitialCapacity(records.size());
    vector.allocateNew();
    for (int row = 0; row < records.size(); row++) {
      Object value = get(component, records.get(row));
      if (value == null) {
        vector.setNull(row);
      } else {
        write(component, vector, row, value);
      }
    }
    vector.setValueCount(records.size());
  }

  private static void write(Component component, FieldVector vector, int row, Object value) {
    try {
      component.rowType.writer().write(vector, row, value);
    } catch (ArithmeticException unfit) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR,
          "expected a value of %s that a column can have, got %s".formatted(component.name, value),
          unfit);
    }
  }

  private @Nullable Object get(Component component, R row) {
    try {
      return component.accessor.invoke(row);
    } catch (InvocationTargetException refused) {
      throw refused(refused.getCause());
    } catch (ReflectiveOperationException broken) {
      throw new IllegalStateException("expected to read a " + type, broken);
    }
  }
}
