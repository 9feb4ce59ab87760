package io.vineyard.store.arrow.format;

import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.ExtensionTypeVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;

/**
 * Checks that whatever offsets and indices point at is there, in vectors whose bytes come from
 * nobody knows where. Touches offsets, sizes, type ids and indices only.
 */
public final class ValueCheck {
  private static final int VIEW_BYTES = 16;
  private static final int INLINE_BYTES = 12;
  private static final int VIEW_BUFFER_AT = 8;
  private static final int VIEW_OFFSET_AT = 12;

  private ValueCheck() {}

  /** Checks the columns of a batch. */
  public static void check(
      List<FieldVector> vectors, List<FieldPlan> plans, DictionarySet dictionaries) {
    for (int i = 0; i < vectors.size(); i++) {
      check(vectors.get(i), plans.get(i));
      checkIndices(vectors.get(i), plans.get(i), dictionaries);
    }
  }

  /** Checks the values of a dictionary. */
  static void checkDictionary(FieldVector vector, FieldPlan values) {
    check(vector, values);
  }

  private static void check(FieldVector vector, FieldPlan plan) {
    ArrowType type = plan.storage();
    List<ArrowBuf> buffers = vector.getFieldBuffers();
    List<FieldVector> children = vector.getChildrenFromFields();
    int values = vector.getValueCount();
    if (values > 0) {
      if (type instanceof ArrowType.Utf8 || type instanceof ArrowType.Binary) {
        checkOffsets(plan, buffers.get(1), Integer.BYTES, values, buffers.get(2).capacity());
      } else if (type instanceof ArrowType.LargeUtf8 || type instanceof ArrowType.LargeBinary) {
        checkOffsets(plan, buffers.get(1), Long.BYTES, values, buffers.get(2).capacity());
      } else if (type instanceof ArrowType.List || type instanceof ArrowType.Map) {
        checkOffsets(plan, buffers.get(1), Integer.BYTES, values, children.get(0).getValueCount());
      } else if (type instanceof ArrowType.LargeList) {
        checkOffsets(plan, buffers.get(1), Long.BYTES, values, children.get(0).getValueCount());
      } else if (type instanceof ArrowType.ListView) {
        checkListViews(plan, buffers, Integer.BYTES, vector);
      } else if (type instanceof ArrowType.LargeListView) {
        checkListViews(plan, buffers, Long.BYTES, vector);
      } else if (plan.isView()) {
        checkViews(plan, buffers.get(1), values, (BaseVariableWidthViewVector) storage(vector));
      } else if (type instanceof ArrowType.Union union) {
        checkUnion(plan, union, buffers, vector);
      } else if (type instanceof ArrowType.RunEndEncoded) {
        checkRunEnds(plan, (BaseIntVector) children.get(0), children.get(1), values);
      }
    }
    for (int i = 0; i < children.size(); i++) {
      check(children.get(i), plan.children().get(i));
    }
  }

  private static FieldVector storage(FieldVector vector) {
    FieldVector storage = vector;
    while (storage instanceof ExtensionTypeVector<?> extension) {
      storage = (FieldVector) extension.getUnderlyingVector();
    }
    return storage;
  }

  private static long number(ArrowBuf buffer, long index, int width) {
    return width == Integer.BYTES
        ? buffer.getInt(index * Integer.BYTES)
        : buffer.getLong(index * Long.BYTES);
  }

  private static void checkOffsets(
      FieldPlan plan, ArrowBuf offsets, int width, int values, long limit) {
    long before = 0;
    for (int i = 0; i <= values; i++) {
      long offset = number(offsets, i, width);
      if (offset < before || offset > limit) {
        throw Malformed.of(
            "offset " + i + " of " + plan.field() + " from " + before + " to " + limit,
            "" + offset);
      }
      before = offset;
    }
  }

  private static void checkListViews(
      FieldPlan plan, List<ArrowBuf> buffers, int width, FieldVector vector) {
    long limit = vector.getChildrenFromFields().get(0).getValueCount();
    for (int i = 0; i < vector.getValueCount(); i++) {
      long offset = number(buffers.get(1), i, width);
      long size = number(buffers.get(2), i, width);
      if (!vector.isNull(i) && (offset < 0 || size < 0 || offset > limit - size)) {
        throw Malformed.of(
            "list " + i + " of " + plan.field() + " within " + limit + " values",
            size + " values at " + offset);
      }
    }
  }

  private static void checkViews(
      FieldPlan plan, ArrowBuf views, int values, BaseVariableWidthViewVector vector) {
    List<ArrowBuf> data = vector.getDataBuffers();
    for (int i = 0; i < values; i++) {
      long at = (long) i * VIEW_BYTES;
      int size = views.getInt(at);
      if ((size <= INLINE_BYTES && size >= 0) || vector.isNull(i)) {
        continue;
      }
      int buffer = views.getInt(at + VIEW_BUFFER_AT);
      int offset = views.getInt(at + VIEW_OFFSET_AT);
      if (size < 0
          || buffer < 0
          || buffer >= data.size()
          || offset < 0
          || offset > data.get(buffer).capacity() - size) {
        throw Malformed.of(
            "view " + i + " of " + plan.field() + " within " + data.size() + " data buffers",
            size + " bytes at " + offset + " of buffer " + buffer);
      }
    }
  }

  private static void checkUnion(
      FieldPlan plan, ArrowType.Union union, List<ArrowBuf> buffers, FieldVector vector) {
    List<FieldVector> children = vector.getChildrenFromFields();
    int[] typeIds = union.getTypeIds();
    for (int i = 0; i < vector.getValueCount(); i++) {
      byte typeId = buffers.get(0).getByte(i);
      int child = child(typeIds, typeId, children.size());
      if (child < 0) {
        throw Malformed.of("a type id of " + plan.field() + " at " + i, "" + typeId);
      }
      if (union.getMode() == UnionMode.Dense) {
        int offset = buffers.get(1).getInt((long) i * Integer.BYTES);
        if (offset < 0 || offset >= children.get(child).getValueCount()) {
          throw Malformed.of(
              "an offset of "
                  + plan.field()
                  + " below "
                  + children.get(child).getValueCount()
                  + " at "
                  + i,
              "" + offset);
        }
      }
    }
  }

  private static int child(int[] typeIds, byte typeId, int children) {
    if (typeIds == null) {
      return typeId >= 0 && typeId < children ? typeId : -1;
    }
    for (int i = 0; i < typeIds.length; i++) {
      if (typeIds[i] == typeId) {
        return i;
      }
    }
    return -1;
  }

  private static void checkRunEnds(
      FieldPlan plan, BaseIntVector ends, FieldVector runs, int values) {
    long before = 0;
    for (int i = 0; i < ends.getValueCount(); i++) {
      long end = ends.isNull(i) ? 0 : ends.getValueAsLong(i);
      if (end <= before) {
        throw Malformed.of("run end " + i + " of " + plan.field() + " above " + before, "" + end);
      }
      before = end;
    }
    if (before < values || runs.getValueCount() < ends.getValueCount()) {
      throw Malformed.of(
          "runs of " + plan.field() + " over " + values + " values",
          runs.getValueCount() + " that end at " + before);
    }
  }

  private static void checkIndices(FieldVector vector, FieldPlan plan, DictionarySet dictionaries) {
    DictionaryEncoding encoding = vector.getField().getDictionary();
    Dictionary dictionary = encoding == null ? null : dictionaries.lookup(encoding.getId());
    if (dictionary != null && vector instanceof BaseIntVector indices) {
      int size = dictionary.getVector().getValueCount();
      for (int i = 0; i < vector.getValueCount(); i++) {
        long index = vector.isNull(i) ? -1 : indices.getValueAsLong(i);
        if (!vector.isNull(i) && (index < 0 || index >= size)) {
          throw Malformed.of(
              "an index of " + plan.field() + " below " + size + " at " + i, "" + index);
        }
      }
    }
    List<FieldVector> children = vector.getChildrenFromFields();
    for (int i = 0; i < children.size(); i++) {
      checkIndices(children.get(i), plan.children().get(i), dictionaries);
    }
  }
}
