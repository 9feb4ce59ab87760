package io.vineyard.store.arrow.vineyard;

import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Which types a {@code vineyard::RecordBatch} can hold, so that Vineyard's Python client reads what
 * was written. It casts every column to the type that the schema says: what has no array of its own
 * is stored as one that casts without loss, and the schema stays as it is.
 *
 * <table>
 *   <caption>What columns are stored as</caption>
 *   <tr><th>type</th><th>stored as</th><th>buffers made anew</th></tr>
 *   <tr><td>int8, int16, int64, uint8, uint16, uint64</td>
 *     <td>{@code NumericArray<int8>}, and so on</td><td></td></tr>
 *   <tr><td>int32, uint32</td><td>{@code NumericArray<int>}, {@code <uint>}: what C++ says</td>
 *     <td></td></tr>
 *   <tr><td>float16, float32, float64</td>
 *     <td>{@code NumericArray<float16>}, {@code <float32>}, {@code <double>}: Python takes {@code
 *     <float>} for 64 bits</td><td></td></tr>
 *   <tr><td>date32, time32</td><td>{@code NumericArray<int>}</td><td></td></tr>
 *   <tr><td>date64, time64, timestamp, duration</td><td>{@code NumericArray<int64>}</td>
 *     <td></td></tr>
 *   <tr><td>bool</td><td>{@code BooleanArray}</td><td></td></tr>
 *   <tr><td>null</td><td>{@code NullArray}</td><td></td></tr>
 *   <tr><td>utf8, large_utf8</td><td>{@code BaseBinaryArray<arrow::LargeStringArray>}</td>
 *     <td>offsets of utf8</td></tr>
 *   <tr><td>binary, large_binary</td><td>{@code LargeBinaryArray}: Python does not know {@code
 *     BaseBinaryArray<arrow::LargeBinaryArray>}</td><td>offsets of binary</td></tr>
 *   <tr><td>fixed_size_binary</td><td>{@code FixedSizeBinaryArray}</td><td></td></tr>
 *   <tr><td>list, large_list</td><td>{@code LargeListArray}</td><td>offsets of list</td></tr>
 *   <tr><td>fixed_size_list</td><td>{@code LargeListArray}: Python does not know {@code
 *     FixedSizeListArray}</td><td>offsets</td></tr>
 *   <tr><td>extension types</td><td>what their storage is stored as</td><td></td></tr>
 * </table>
 *
 * <p>Python reads all of them as they were written. Here, text and bytes are read with long
 * offsets, and lists as lists with long offsets.
 *
 * <p>Not held: struct, map, union, decimal, interval, run-end encoded, the view types, and columns
 * that are encoded by a dictionary.
 */
public final class HeldTypes {
  private HeldTypes() {}

  /** Returns whether batches of a schema can be held. */
  public static boolean canHold(Schema schema) {
    return refusal(schema) == null;
  }

  /**
   * Returns why batches of a schema can't be held, naming the first such field; null if they can.
   */
  public static @Nullable String refusal(Schema schema) {
    for (Field field : schema.getFields()) {
      String refusal = refusal(field, field.getName());
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }

  private static @Nullable String refusal(Field field, String path) {
    if (field.getDictionary() != null) {
      return "column " + path + " is encoded by a dictionary, which Vineyard has no array for";
    }
    ArrowType storage = TypeLayouts.storage(field.getType());
    if (TypeLayouts.isList(storage)) {
      Field child = field.getChildren().get(0);
      return refusal(child, path + "." + child.getName());
    }
    boolean isHeld =
        (TypeLayouts.bits(storage) > 0 && !(storage instanceof ArrowType.Interval))
            || storage instanceof ArrowType.Bool
            || storage instanceof ArrowType.Null
            || storage instanceof ArrowType.FixedSizeBinary
            || (TypeLayouts.isVariable(storage) && !TypeLayouts.isView(storage));
    return isHeld
        ? null
        : "column " + path + " is " + storage + ", which Vineyard has no array for";
  }

  /** Returns what is between the brackets of {@code NumericArray}. */
  static String element(ArrowType storage) {
    int bits = TypeLayouts.bits(storage);
    if (storage instanceof ArrowType.FloatingPoint) {
      return bits == Long.SIZE ? "double" : "float" + bits;
    }
    String sign = storage instanceof ArrowType.Int number && !number.getIsSigned() ? "u" : "";
    return bits == Integer.SIZE ? sign + "int" : sign + "int" + bits;
  }
}
