package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Malformed;
import java.util.List;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * Reads the trees of tensors: of one dimension as values, of more as lists of fixed size, whose
 * values lie in the order of rows. Truth, of which NumPy has a byte each, becomes bits; times that
 * are none ({@code NaT}) become nulls.
 */
final class TensorReader {
  private static final String GENERIC = "vineyard::Tensor";
  private static final String BUFFER = "buffer_";
  private static final String NUMBERS =
      "a tensor of numbers, truth, times or text in little-endian order";
  private static final long NOT_A_TIME = Long.MIN_VALUE;

  private final Assembly out;

  TensorReader(Assembly out) {
    this.out = out;
  }

  static boolean accepts(String type) {
    return TypeNames.parameter(type, GENERIC) != null;
  }

  /** Returns how many values or lists there are. */
  static int rows(Tree tensor) {
    List<Integer> shape = shape(tensor);
    return shape.get(0);
  }

  private static List<Integer> shape(Tree tensor) {
    String text = tensor.text("shape_");
    List<Integer> shape = JsonTexts.sizes(text, "shape_ of " + tensor);
    if (shape.isEmpty()) {
      throw VineyardException.of(
          ErrorCode.OBJECT_TYPE_ERROR, "expected 1 dimension or more of " + tensor + ", got none");
    }
    long values = shape.get(0);
    for (int size : shape.subList(1, shape.size())) {
      values *= size;
      if (size == 0 || values > Integer.MAX_VALUE) {
        throw Malformed.of("up to " + Integer.MAX_VALUE + " values of " + tensor, "shape " + text);
      }
    }
    return shape;
  }

  /** Adds a tensor, and returns its field. */
  Field read(Tree tensor, String name) {
    String generic = TypeNames.parameter(tensor.type(), GENERIC);
    if (generic == null) {
      throw tensor.unsupported(NUMBERS);
    }
    List<Integer> shape = shape(tensor);
    String valueType = tensor.optionalText("value_type_");
    if (isText(valueType == null ? generic : valueType)) {
      return readTexts(tensor, shape, name);
    }
    ArrowType element = element(tensor, generic, valueType);
    return readLists(tensor, shape, name, element);
  }

  private static boolean isText(String name) {
    return name.equals("str") || name.equals("string") || name.startsWith("std::");
  }

  private Field readTexts(Tree tensor, List<Integer> shape, String name) {
    Tree texts = tensor.member(BUFFER);
    if (texts.meta().typeName().equals(ObjectMeta.BLOB) || shape.size() > 1) {
      throw tensor.unsupported("texts of one dimension");
    }
    if (texts.size("length_") != shape.get(0)) {
      throw Malformed.of(
          shape.get(0) + " texts of " + tensor, texts.size("length_") + " in " + texts);
    }
    return new ArrayReader(out).read(texts, ArrayReader.Expected.nothing(name));
  }

  private static ArrowType element(Tree tensor, String generic, @Nullable String valueType) {
    String order = tensor.optionalText("value_type_meta_");
    String name = valueType == null || valueType.equals("undefined") ? generic : valueType;
    ArrowType element = order == null || !order.startsWith(">") ? TypeNames.element(name) : null;
    if (element instanceof ArrowType.Bool || (element != null && bytes(element) > 0)) {
      return element;
    }
    throw VineyardException.of(
        ErrorCode.OBJECT_TYPE_ERROR,
        "expected %s, got %s of %s".formatted(NUMBERS, tensor, order == null ? name : order));
  }

  private static int bytes(ArrowType element) {
    return TypeLayouts.bits(element) / Byte.SIZE;
  }

  private Field readLists(Tree tensor, List<Integer> shape, String name, ArrowType element) {
    int values = shape.get(0);
    for (int size : shape.subList(1, shape.size())) {
      out.node(values, 0);
      out.none();
      values *= size;
    }
    readValues(tensor, values, element);
    Field field = ArrayReader.field(shape.size() == 1 ? name : "item", element, List.of());
    for (int i = shape.size() - 1; i > 0; i--) {
      ArrowType list = new ArrowType.FixedSizeList(shape.get(i));
      field = ArrayReader.field(i == 1 ? name : "item", list, List.of(field));
    }
    return field;
  }

  private void readValues(Tree tensor, int count, ArrowType element) {
    if (count == 0) {
      out.node(0, 0);
      out.none();
      out.none();
      return;
    }
    boolean isTruth = element instanceof ArrowType.Bool;
    long sizeBytes = (long) count * (isTruth ? 1 : bytes(element));
    Region region = out.blob(tensor, BUFFER).first(sizeBytes, tensor.toString());
    long address = region.address();
    if (isTruth) {
      out.node(count, 0);
      out.none();
      out.made(count, index -> MemoryUtil.getByte(address + index) != 0);
    } else if (isTime(element) && hasGaps(address, count)) {
      out.node(count, -1);
      out.made(count, index -> time(address, index) != NOT_A_TIME);
      out.inPlace(region);
    } else {
      out.node(count, 0);
      out.none();
      out.inPlace(region);
    }
  }

  /** Returns whether values are what NumPy has for times, which are 64 bits of any unit. */
  private static boolean isTime(ArrowType element) {
    return TypeLayouts.isTime(element) && bytes(element) == Long.BYTES;
  }

  private static boolean hasGaps(long address, int count) {
    for (int i = 0; i < count; i++) {
      if (time(address, i) == NOT_A_TIME) {
        return true;
      }
    }
    return false;
  }

  private static long time(long address, long index) {
    return MemoryUtil.getLong(address + index * Long.BYTES);
  }

  /** Returns whether the values are the numbers from 0 on, as the rows of a frame mostly have. */
  static boolean isRange(Tree tensor, BlobBytes blobs) {
    String name = tensor.optionalText("value_type_");
    if (!"int64".equals(name) || !accepts(tensor.type()) || shape(tensor).size() != 1) {
      return false;
    }
    int count = shape(tensor).get(0);
    if (count == 0) {
      return true;
    }
    long address =
        tensor.blob(BUFFER, blobs).first((long) count * Long.BYTES, tensor.toString()).address();
    for (int i = 0; i < count; i++) {
      if (MemoryUtil.getLong(address + (long) i * Long.BYTES) != i) {
        return false;
      }
    }
    return true;
  }
}
