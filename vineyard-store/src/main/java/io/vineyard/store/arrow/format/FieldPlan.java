package io.vineyard.store.arrow.format;

import java.util.List;
import org.apache.arrow.vector.BufferLayout;
import org.apache.arrow.vector.TypeLayout;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Which buffers a field has in a message, and how large they must be: worked out once per schema,
 * used for every batch.
 *
 * @param field the field, as it is in memory
 * @param buffers its buffers in the order of the format
 * @param isView whether any number of data buffers follows
 * @param storage the type that the values are stored as, which differs for extension types
 * @param children the plans of its children
 */
public record FieldPlan(
    Field field,
    List<BufferPlan> buffers,
    boolean isView,
    ArrowType storage,
    List<FieldPlan> children) {

  private static final int TYPE_ID_BITS = 8;
  private static final int VIEW_BITS = 128;

  /**
   * One buffer.
   *
   * @param kind what it is for
   * @param bitWidth bits per entry; of variable-width data, 0
   * @param extra how many entries it has more than the field has values, if it has any
   */
  public record BufferPlan(BufferLayout.BufferType kind, int bitWidth, int extra) {
    /** Returns how many bytes it must have at least. */
    public long sizeBytes(long values) {
      return values == 0 ? 0 : (Math.multiplyExact(values + extra, (long) bitWidth) + 7) >>> 3;
    }
  }

  /** Makes the plan of a field in memory. */
  public static FieldPlan of(Field field) {
    ArrowType storage = field.getType();
    while (storage instanceof ArrowType.ExtensionType extension) {
      storage = extension.storageType();
    }
    ArrowType type = storage;
    return new FieldPlan(
        field,
        type instanceof ArrowType.FixedSizeBinary binary ? fixed(binary) : buffers(type),
        type instanceof ArrowType.Utf8View || type instanceof ArrowType.BinaryView,
        type,
        field.getChildren().stream().map(FieldPlan::of).toList());
  }

  /** The layouts of Arrow count bits as a {@code short}, which is too small for wide values. */
  private static List<BufferPlan> fixed(ArrowType.FixedSizeBinary binary) {
    return List.of(
        new BufferPlan(BufferLayout.BufferType.VALIDITY, 1, 0),
        new BufferPlan(BufferLayout.BufferType.DATA, Byte.SIZE * binary.getByteWidth(), 0));
  }

  private static List<BufferPlan> buffers(ArrowType type) {
    return TypeLayout.getTypeLayout(type).getBufferLayouts().stream()
        .filter(layout -> layout.getType() != BufferLayout.BufferType.VARIADIC_DATA_BUFFERS)
        .map(layout -> plan(type, layout))
        .toList();
  }

  private static BufferPlan plan(ArrowType type, BufferLayout layout) {
    BufferLayout.BufferType kind = layout.getType();
    return switch (kind) {
      case TYPE -> new BufferPlan(kind, TYPE_ID_BITS, 0);
      case VIEWS -> new BufferPlan(kind, VIEW_BITS, 0);
      case OFFSET -> new BufferPlan(kind, layout.getTypeBitWidth(), hasEnd(type) ? 1 : 0);
      case DATA -> new BufferPlan(kind, isVariable(type) ? 0 : layout.getTypeBitWidth(), 0);
      default -> new BufferPlan(kind, layout.getTypeBitWidth(), 0);
    };
  }

  private static boolean hasEnd(ArrowType type) {
    return !(type instanceof ArrowType.Union union && union.getMode() == UnionMode.Dense)
        && !(type instanceof ArrowType.ListView)
        && !(type instanceof ArrowType.LargeListView);
  }

  private static boolean isVariable(ArrowType type) {
    return type instanceof ArrowType.Utf8
        || type instanceof ArrowType.Binary
        || type instanceof ArrowType.LargeUtf8
        || type instanceof ArrowType.LargeBinary;
  }
}
