package io.vineyard.store.arrow.vineyard;

import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** How values of types lie in memory, and which types differ in nothing else but their meaning. */
final class TypeLayouts {
  private TypeLayouts() {}

  /** Returns the type that values are stored as. */
  static ArrowType storage(ArrowType type) {
    ArrowType storage = type;
    while (storage instanceof ArrowType.ExtensionType extension) {
      storage = extension.storageType();
    }
    return storage;
  }

  /** Returns how many bits a number or a time has, 0 for all others. */
  static int bits(ArrowType type) {
    if (type instanceof ArrowType.Int number) {
      return number.getBitWidth();
    } else if (type instanceof ArrowType.FloatingPoint number) {
      return floatBits(number.getPrecision());
    } else if (type instanceof ArrowType.Time time) {
      return time.getBitWidth();
    } else if (type instanceof ArrowType.Date date) {
      return date.getUnit() == DateUnit.DAY ? Integer.SIZE : Long.SIZE;
    } else if (type instanceof ArrowType.Timestamp || type instanceof ArrowType.Duration) {
      return Long.SIZE;
    } else if (type instanceof ArrowType.Interval interval
        && interval.getUnit() == IntervalUnit.YEAR_MONTH) {
      return Integer.SIZE;
    }
    return 0;
  }

  private static int floatBits(FloatingPointPrecision precision) {
    return switch (precision) {
      case HALF -> Short.SIZE;
      case SINGLE -> Integer.SIZE;
      case DOUBLE -> Long.SIZE;
    };
  }

  /** Returns whether values of a type are times of some kind, which are whole numbers. */
  static boolean isTime(ArrowType type) {
    return bits(type) > 0
        && !(type instanceof ArrowType.Int)
        && !(type instanceof ArrowType.FloatingPoint);
  }

  /** Returns how many bytes an offset has. */
  static int offsetBytes(ArrowType type) {
    return type instanceof ArrowType.LargeUtf8
            || type instanceof ArrowType.LargeBinary
            || type instanceof ArrowType.LargeList
        ? Long.BYTES
        : Integer.BYTES;
  }

  static boolean isVariable(ArrowType type) {
    return isText(type)
        || type instanceof ArrowType.Binary
        || type instanceof ArrowType.LargeBinary
        || type instanceof ArrowType.BinaryView;
  }

  static boolean isText(ArrowType type) {
    return type instanceof ArrowType.Utf8
        || type instanceof ArrowType.LargeUtf8
        || type instanceof ArrowType.Utf8View;
  }

  static boolean isList(ArrowType type) {
    return type instanceof ArrowType.List
        || type instanceof ArrowType.LargeList
        || type instanceof ArrowType.FixedSizeList;
  }

  /** Returns whether an array of a type can be taken as one of the type that the schema says. */
  static boolean areSame(ArrowType said, ArrowType own) {
    if (said.equals(own)) {
      return true;
    }
    if (bits(own) > 0) {
      boolean wholeNumbers =
          isTime(own) || (own instanceof ArrowType.Int number && number.getIsSigned());
      return isTime(said) && wholeNumbers && bits(said) == bits(own);
    }
    return isVariable(said)
        && isVariable(own)
        && !isView(said)
        && offsetBytes(said) == offsetBytes(own);
  }

  /** Returns whether two types hold the same values in different ways. */
  static boolean areAlike(ArrowType said, ArrowType own) {
    return own instanceof ArrowType.Null
        || (isVariable(said) && isVariable(own))
        || (isList(said) && isList(own));
  }

  static boolean isView(ArrowType type) {
    return type instanceof ArrowType.Utf8View || type instanceof ArrowType.BinaryView;
  }

  /** Returns the type of an array that the schema says is text or not, and lays out otherwise. */
  static ArrowType own(ArrowType said, ArrowType own) {
    if (!isVariable(own)) {
      return own;
    }
    boolean isLarge = offsetBytes(own) == Long.BYTES;
    if (isText(said)) {
      return isLarge ? ArrowType.LargeUtf8.INSTANCE : ArrowType.Utf8.INSTANCE;
    }
    return isLarge ? ArrowType.LargeBinary.INSTANCE : ArrowType.Binary.INSTANCE;
  }
}
