package io.vineyard.store.arrow.vineyard;

import static java.util.Map.entry;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/** The names that C++, Arrow and NumPy have for types of elements. */
final class TypeNames {
  /** What some compilers leave in names. */
  private static final Pattern STRAY = Pattern.compile("\\bT = |(?<=[<>,])\\s+|\\s+(?=[<>,])");

  private static final Pattern UNIT =
      Pattern.compile(
          "(timestamp|datetime64|duration|timedelta64|time32|time64)\\[(s|ms|us|ns)\\b.*");

  private static final ArrowType INT_8 = new ArrowType.Int(Byte.SIZE, true);
  private static final ArrowType INT_16 = new ArrowType.Int(Short.SIZE, true);
  private static final ArrowType INT_32 = new ArrowType.Int(Integer.SIZE, true);
  private static final ArrowType INT_64 = new ArrowType.Int(Long.SIZE, true);
  private static final ArrowType UINT_8 = new ArrowType.Int(Byte.SIZE, false);
  private static final ArrowType UINT_16 = new ArrowType.Int(Short.SIZE, false);
  private static final ArrowType UINT_32 = new ArrowType.Int(Integer.SIZE, false);
  private static final ArrowType UINT_64 = new ArrowType.Int(Long.SIZE, false);
  private static final ArrowType HALF = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  private static final ArrowType SINGLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final ArrowType DOUBLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
  private static final ArrowType DATE_32 = new ArrowType.Date(DateUnit.DAY);
  private static final ArrowType DATE_64 = new ArrowType.Date(DateUnit.MILLISECOND);

  private static final Map<String, ArrowType> ELEMENTS =
      Map.ofEntries(
          entry("int8", INT_8),
          entry("int8_t", INT_8),
          entry("char", INT_8),
          entry("signed char", INT_8),
          entry("int16", INT_16),
          entry("int16_t", INT_16),
          entry("short", INT_16),
          entry("short int", INT_16),
          entry("int", INT_32),
          entry("int32", INT_32),
          entry("int32_t", INT_32),
          entry("int64", INT_64),
          entry("int64_t", INT_64),
          entry("long", INT_64),
          entry("long int", INT_64),
          entry("long long", INT_64),
          entry("long long int", INT_64),
          entry("uint8", UINT_8),
          entry("uint8_t", UINT_8),
          entry("unsigned char", UINT_8),
          entry("uint16", UINT_16),
          entry("uint16_t", UINT_16),
          entry("unsigned short", UINT_16),
          entry("short unsigned int", UINT_16),
          entry("uint", UINT_32),
          entry("uint32", UINT_32),
          entry("uint32_t", UINT_32),
          entry("unsigned int", UINT_32),
          entry("uint64", UINT_64),
          entry("uint64_t", UINT_64),
          entry("unsigned long", UINT_64),
          entry("long unsigned int", UINT_64),
          entry("unsigned long long", UINT_64),
          entry("long long unsigned int", UINT_64),
          entry("float16", HALF),
          entry("halffloat", HALF),
          entry("half", HALF),
          entry("float", SINGLE),
          entry("float32", SINGLE),
          entry("double", DOUBLE),
          entry("float64", DOUBLE),
          entry("bool", ArrowType.Bool.INSTANCE),
          entry("date32", DATE_32),
          entry("date32[day]", DATE_32),
          entry("arrow::Date32Type", DATE_32),
          entry("date64", DATE_64),
          entry("date64[ms]", DATE_64),
          entry("arrow::Date64Type", DATE_64));

  private TypeNames() {}

  /** Removes from a type name what is there by mistake. */
  static String clean(String typeName) {
    return STRAY.matcher(typeName).replaceAll("").strip();
  }

  /** Returns what is between the angle brackets, null if this is no such type. */
  static @Nullable String parameter(String type, String generic) {
    boolean isOne =
        type.length() > generic.length() + 1
            && type.startsWith(generic)
            && type.charAt(generic.length()) == '<'
            && type.endsWith(">");
    return isOne ? type.substring(generic.length() + 1, type.length() - 1) : null;
  }

  /** Returns the type of elements of this name, null if the name does not tell it. */
  static @Nullable ArrowType element(String name) {
    ArrowType known = ELEMENTS.get(name);
    if (known != null) {
      return known;
    }
    Matcher unit = UNIT.matcher(name);
    return unit.matches() ? temporal(unit.group(1), unit(unit.group(2))) : null;
  }

  private static @Nullable ArrowType temporal(String kind, TimeUnit unit) {
    boolean isShort = unit == TimeUnit.SECOND || unit == TimeUnit.MILLISECOND;
    return switch (kind) {
      case "timestamp", "datetime64" -> new ArrowType.Timestamp(unit, null);
      case "duration", "timedelta64" -> new ArrowType.Duration(unit);
      case "time32" -> isShort ? new ArrowType.Time(unit, Integer.SIZE) : null;
      default -> isShort ? null : new ArrowType.Time(unit, Long.SIZE);
    };
  }

  private static TimeUnit unit(String name) {
    return switch (name) {
      case "s" -> TimeUnit.SECOND;
      case "ms" -> TimeUnit.MILLISECOND;
      case "us" -> TimeUnit.MICROSECOND;
      default -> TimeUnit.NANOSECOND;
    };
  }
}
