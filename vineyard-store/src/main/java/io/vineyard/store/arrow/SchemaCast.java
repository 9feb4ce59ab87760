package io.vineyard.store.arrow;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.DictionarySet;
import io.vineyard.store.arrow.format.Vectors;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.Types;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Brings a batch to another schema, as far as no value is lost. */
final class SchemaCast {
  private static final int EXACT_IN_DOUBLE_BITS = 32;
  private static final Set<MinorType> WITHOUT_NULLS =
      EnumSet.of(MinorType.UNION, MinorType.DENSEUNION, MinorType.RUNENDENCODED);

  private final RecordBatch batch;
  private final BufferAllocator allocator;

  private SchemaCast(RecordBatch batch, BufferAllocator allocator) {
    this.batch = batch;
    this.allocator = allocator;
  }

  static RecordBatch cast(RecordBatch batch, Schema target, BufferAllocator allocator) {
    if (batch.schema().equals(target)) {
      return batch.share();
    }
    SchemaCast cast = new SchemaCast(batch, allocator);
    List<FieldVector> vectors = new ArrayList<>();
    try {
      for (Field field : target.getFields()) {
        vectors.add(cast.column(field));
      }
      BatchSchema schema = BatchSchema.ofMemory(target, batch.dictionaries());
      DictionarySet dictionaries =
          DictionarySet.share(schema.dictionaries().keySet(), batch.dictionaries());
      return new RecordBatch(schema, vectors, dictionaries, batch.rowCount()).tracked(null);
    } catch (RuntimeException broken) {
      vectors.forEach(FieldVector::close);
      throw broken;
    }
  }

  private FieldVector column(Field target) {
    List<Field> fields = batch.schema().getFields();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.get(i).getName().equals(target.getName())) {
        return column(fields.get(i), batch.vector(i), target);
      }
    }
    if (!target.isNullable() || target.getDictionary() != null) {
      throw mismatch(target, "none");
    }
    return nulls(target);
  }

  private FieldVector nulls(Field target) {
    if (WITHOUT_NULLS.contains(Types.getMinorTypeForArrowType(target.getType()))) {
      throw mismatch(target, "none, and the type has no nulls of its own");
    }
    FieldVector nulls = target.createVector(allocator);
    try {
      nulls.setInitialCapacity(batch.rowCount());
      nulls.allocateNew();
      nulls.setValueCount(batch.rowCount());
      return nulls;
    } catch (RuntimeException broken) {
      nulls.close();
      throw broken;
    }
  }

  private FieldVector column(Field field, FieldVector vector, Field target) {
    if (!target.isNullable() && vector.getNullCount() > 0) {
      throw mismatch(target, "one with " + vector.getNullCount() + " nulls");
    }
    boolean sameDictionary =
        field.getDictionary() == null
            ? target.getDictionary() == null
            : field.getDictionary().equals(target.getDictionary());
    if (!sameDictionary) {
      throw mismatch(target, field.toString());
    }
    if (field.getType().equals(target.getType())
        && field.getChildren().equals(target.getChildren())) {
      return Vectors.share(vector, target);
    }
    if (field.getDictionary() != null || !isWider(field.getType(), target.getType())) {
      throw mismatch(target, field.toString());
    }
    return widen(vector, target);
  }

  private static VineyardException mismatch(Field target, String actual) {
    return VineyardException.of(
        ErrorCode.SCHEMA_MISMATCH, "expected column " + target + ", got " + actual);
  }

  private static boolean isWider(ArrowType from, ArrowType to) {
    if (from instanceof ArrowType.Int narrow && to instanceof ArrowType.Int wide) {
      boolean holdsSign = narrow.getIsSigned() == wide.getIsSigned() || wide.getIsSigned();
      return holdsSign && narrow.getBitWidth() < wide.getBitWidth();
    }
    if (!(to instanceof ArrowType.FloatingPoint wide)
        || wide.getPrecision() != FloatingPointPrecision.DOUBLE) {
      return false;
    }
    return from instanceof ArrowType.FloatingPoint
        || (from instanceof ArrowType.Int narrow && narrow.getBitWidth() <= EXACT_IN_DOUBLE_BITS);
  }

  private FieldVector widen(FieldVector vector, Field target) {
    FieldVector wide = target.createVector(allocator);
    try {
      ((BaseFixedWidthVector) wide).allocateNew(batch.rowCount());
      for (int row = 0; row < batch.rowCount(); row++) {
        if (!vector.isNull(row)) {
          copy(vector, wide, row);
        }
      }
      wide.setValueCount(batch.rowCount());
      return wide;
    } catch (RuntimeException broken) {
      wide.close();
      throw broken;
    }
  }

  private static void copy(FieldVector from, FieldVector to, int row) {
    if (from instanceof BaseIntVector whole && to instanceof BaseIntVector wide) {
      wide.setWithPossibleTruncate(row, whole.getValueAsLong(row));
      return;
    }
    double value =
        from instanceof BaseIntVector whole
            ? whole.getValueAsLong(row)
            : ((FloatingPointVector) from).getValueAsDouble(row);
    ((FloatingPointVector) to).setWithPossibleTruncate(row, value);
  }
}
