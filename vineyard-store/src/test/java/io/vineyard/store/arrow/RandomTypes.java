package io.vineyard.store.arrow;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.extension.UuidType;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Every type of Arrow that its Java library has. */
public final class RandomTypes {
  private static final Field INT = Field.nullable("i", new ArrowType.Int(Integer.SIZE, true));
  private static final Field TEXT = Field.nullable("t", ArrowType.Utf8.INSTANCE);

  /** A type with its children. */
  public record Type(ArrowType type, boolean isNullable, List<Field> children) {
    @Override
    public String toString() {
      return type + (children.isEmpty() ? "" : " of " + children);
    }
  }

  private RandomTypes() {}

  private static Type of(ArrowType type, Field... children) {
    return new Type(type, true, List.of(children));
  }

  /** Returns the types that have no children. */
  public static List<Type> flat() {
    List<Type> types = new ArrayList<>();
    types.add(of(ArrowType.Null.INSTANCE));
    types.add(of(ArrowType.Bool.INSTANCE));
    for (int bits = Byte.SIZE; bits <= Long.SIZE; bits *= 2) {
      types.add(of(new ArrowType.Int(bits, true)));
      types.add(of(new ArrowType.Int(bits, false)));
    }
    for (FloatingPointPrecision precision : FloatingPointPrecision.values()) {
      types.add(of(new ArrowType.FloatingPoint(precision)));
    }
    types.add(of(new ArrowType.Decimal(30, 4, 128)));
    types.add(of(new ArrowType.Decimal(60, 4, 256)));
    types.add(of(new ArrowType.Date(DateUnit.DAY)));
    types.add(of(new ArrowType.Date(DateUnit.MILLISECOND)));
    types.add(of(new ArrowType.Time(TimeUnit.SECOND, Integer.SIZE)));
    types.add(of(new ArrowType.Time(TimeUnit.MILLISECOND, Integer.SIZE)));
    types.add(of(new ArrowType.Time(TimeUnit.MICROSECOND, Long.SIZE)));
    types.add(of(new ArrowType.Time(TimeUnit.NANOSECOND, Long.SIZE)));
    for (TimeUnit unit : TimeUnit.values()) {
      types.add(of(new ArrowType.Timestamp(unit, null)));
      types.add(of(new ArrowType.Timestamp(unit, "Europe/Berlin")));
      types.add(of(new ArrowType.Duration(unit)));
    }
    for (IntervalUnit unit : IntervalUnit.values()) {
      types.add(of(new ArrowType.Interval(unit)));
    }
    types.add(of(new ArrowType.FixedSizeBinary(7)));
    types.add(of(ArrowType.Utf8.INSTANCE));
    types.add(of(ArrowType.Binary.INSTANCE));
    types.add(of(ArrowType.LargeUtf8.INSTANCE));
    types.add(of(ArrowType.LargeBinary.INSTANCE));
    types.add(of(ArrowType.Utf8View.INSTANCE));
    types.add(of(ArrowType.BinaryView.INSTANCE));
    return types;
  }

  /** Returns the types that values of dictionaries can have, but for those with children. */
  public static List<Type> inDictionaries() {
    return flat().stream().filter(type -> !type.type().equals(ArrowType.Null.INSTANCE)).toList();
  }

  /** Returns types that have children, some of them nested in each other. */
  public static List<Type> nested() {
    Field list = new Field("l", FieldType.nullable(ArrowType.List.INSTANCE), List.of(TEXT));
    Field struct =
        new Field("s", FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(INT, TEXT, list));
    Field entry =
        new Field(
            "entries",
            FieldType.notNullable(ArrowType.Struct.INSTANCE),
            List.of(
                new Field("key", FieldType.notNullable(ArrowType.Utf8.INSTANCE), null),
                // other implementations give it this name, whatever it was
                new Field("value", struct.getFieldType(), struct.getChildren())));
    Field ends = Field.notNullable("run_ends", new ArrowType.Int(Integer.SIZE, true));
    Field ends16 = Field.notNullable("run_ends", new ArrowType.Int(Short.SIZE, true));
    Field values = Field.nullable("values", ArrowType.Utf8.INSTANCE);
    Field lists = new Field("values", list.getFieldType(), list.getChildren());
    Field view = Field.nullable("v", ArrowType.Utf8View.INSTANCE);
    Field bool = Field.nullable("b", ArrowType.Bool.INSTANCE);
    int[] ids = {0, 1};
    return List.of(
        of(ArrowType.List.INSTANCE, INT),
        of(ArrowType.List.INSTANCE, struct),
        of(ArrowType.List.INSTANCE, list),
        of(ArrowType.List.INSTANCE, view),
        of(ArrowType.LargeList.INSTANCE, TEXT),
        of(new ArrowType.FixedSizeList(3), INT),
        of(new ArrowType.FixedSizeList(2), struct),
        of(ArrowType.ListView.INSTANCE, TEXT),
        of(ArrowType.LargeListView.INSTANCE, INT),
        of(ArrowType.Struct.INSTANCE, INT, TEXT, list),
        of(ArrowType.Struct.INSTANCE, struct, bool, view),
        of(ArrowType.Struct.INSTANCE),
        of(new ArrowType.Map(false), entry),
        of(new ArrowType.Map(true), entry),
        new Type(new ArrowType.Union(UnionMode.Sparse, ids), true, List.of(INT, TEXT)),
        new Type(new ArrowType.Union(UnionMode.Dense, ids), true, List.of(INT, TEXT)),
        new Type(ArrowType.RunEndEncoded.INSTANCE, false, List.of(ends, values)),
        new Type(ArrowType.RunEndEncoded.INSTANCE, false, List.of(ends16, lists)),
        of(ArrowType.List.INSTANCE, Field.nullable("u", UuidType.INSTANCE)));
  }

  /** Returns all types. */
  public static List<Type> all() {
    List<Type> types = new ArrayList<>(flat());
    types.add(of(UuidType.INSTANCE));
    types.addAll(nested());
    return types;
  }
}
