package io.vineyard.reactive;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeMilliVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeSecVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/**
 * A type of Java whose values columns can have.
 *
 * @param written the type of the columns that are made of it; null if there is none
 * @param readable what columns it can be read from
 */
record RowType(
    @Nullable ArrowType written, Predicate<ArrowType> readable, Reader reader, Writer writer) {

  /** Reads a value that is not null. */
  interface Reader {
    /**
     * Reads a value.
     *
     * @throws ArithmeticException if it does not fit
     */
    Object read(FieldVector vector, int row);
  }

  /** Writes a value that is not null. */
  interface Writer {
    /** Writes a value. */
    void write(FieldVector vector, int row, Object value);
  }

  private static final int EXACT_IN_DOUBLE_BITS = 32;
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long NANOS_PER_MICRO = 1000;
  private static final String UTC = "UTC";

  private static final Map<Class<?>, RowType> TYPES =
      Map.ofEntries(
          Map.entry(
              boolean.class,
              new RowType(
                  ArrowType.Bool.INSTANCE,
                  ArrowType.Bool.class::isInstance,
                  (vector, row) -> ((BitVector) vector).get(row) != 0,
                  (vector, row, value) ->
                      ((BitVector) vector).setSafe(row, (Boolean) value ? 1 : 0))),
          Map.entry(byte.class, whole(Byte.SIZE, value -> (byte) exact(value, (byte) value))),
          Map.entry(short.class, whole(Short.SIZE, value -> (short) exact(value, (short) value))),
          Map.entry(int.class, whole(Integer.SIZE, Math::toIntExact)),
          Map.entry(long.class, whole(Long.SIZE, value -> value)),
          Map.entry(
              float.class,
              new RowType(
                  new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE),
                  type ->
                      type instanceof ArrowType.FloatingPoint point
                          && point.getPrecision() != FloatingPointPrecision.DOUBLE,
                  (vector, row) -> (float) ((FloatingPointVector) vector).getValueAsDouble(row),
                  RowType::writeFraction)),
          Map.entry(
              double.class,
              new RowType(
                  new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE),
                  RowType::fitsDouble,
                  RowType::readDouble,
                  RowType::writeFraction)),
          Map.entry(
              String.class,
              new RowType(
                  ArrowType.Utf8.INSTANCE,
                  RowType::isText,
                  (vector, row) -> vector.getObject(row).toString(),
                  RowType::writeText)),
          Map.entry(
              byte[].class,
              new RowType(
                  ArrowType.Binary.INSTANCE,
                  type ->
                      type instanceof ArrowType.Binary
                          || type instanceof ArrowType.LargeBinary
                          || type instanceof ArrowType.BinaryView
                          || type instanceof ArrowType.FixedSizeBinary,
                  (vector, row) -> vector.getObject(row),
                  (vector, row, value) -> ((VarBinaryVector) vector).setSafe(row, (byte[]) value))),
          Map.entry(
              BigDecimal.class,
              new RowType(
                  null,
                  ArrowType.Decimal.class::isInstance,
                  (vector, row) -> vector.getObject(row),
                  (vector, row, value) -> {})),
          Map.entry(
              LocalDate.class,
              new RowType(
                  new ArrowType.Date(DateUnit.DAY),
                  ArrowType.Date.class::isInstance,
                  RowType::readDate,
                  (vector, row, value) ->
                      ((DateDayVector) vector)
                          .setSafe(row, Math.toIntExact(((LocalDate) value).toEpochDay())))),
          Map.entry(
              LocalTime.class,
              new RowType(
                  new ArrowType.Time(TimeUnit.NANOSECOND, Long.SIZE),
                  ArrowType.Time.class::isInstance,
                  RowType::readTime,
                  (vector, row, value) ->
                      ((TimeNanoVector) vector).setSafe(row, ((LocalTime) value).toNanoOfDay()))),
          Map.entry(
              LocalDateTime.class,
              new RowType(
                  new ArrowType.Timestamp(TimeUnit.MICROSECOND, null),
                  type -> type instanceof ArrowType.Timestamp at && at.getTimezone() == null,
                  (vector, row) ->
                      LocalDateTime.ofInstant(readInstant(vector, row), ZoneOffset.UTC),
                  (vector, row, value) ->
                      writeInstant(
                          vector, row, ((LocalDateTime) value).toInstant(ZoneOffset.UTC)))),
          Map.entry(
              Instant.class,
              new RowType(
                  new ArrowType.Timestamp(TimeUnit.MICROSECOND, UTC),
                  type -> type instanceof ArrowType.Timestamp at && at.getTimezone() != null,
                  RowType::readInstant,
                  RowType::writeInstant)),
          Map.entry(
              Duration.class,
              new RowType(
                  new ArrowType.Duration(TimeUnit.MICROSECOND),
                  ArrowType.Duration.class::isInstance,
                  (vector, row) -> vector.getObject(row),
                  (vector, row, value) ->
                      ((DurationVector) vector)
                          .setSafe(
                              row,
                              micros(
                                  ((Duration) value).toSeconds(),
                                  ((Duration) value).toNanosPart())))));

  private static final Map<Class<?>, Class<?>> BOXES =
      Map.of(
          Boolean.class, boolean.class,
          Byte.class, byte.class,
          Short.class, short.class,
          Integer.class, int.class,
          Long.class, long.class,
          Float.class, float.class,
          Double.class, double.class);

  /** Makes a value of Java of a whole number. */
  private interface Narrowing {
    Object of(long value);
  }

  /** Returns the type of this class, null if its values can't be in columns. */
  static @Nullable RowType of(Class<?> type) {
    return type.isEnum() ? ofEnum(type) : TYPES.get(BOXES.getOrDefault(type, type));
  }

  private static RowType ofEnum(Class<?> type) {
    return new RowType(
        ArrowType.Utf8.INSTANCE,
        RowType::isText,
        (vector, row) -> constant(type, vector.getObject(row).toString()),
        (vector, row, value) -> writeText(vector, row, ((Enum<?>) value).name()));
  }

  private static Object constant(Class<?> type, String name) {
    for (Object constant : type.getEnumConstants()) {
      if (((Enum<?>) constant).name().equals(name)) {
        return constant;
      }
    }
    throw new ArithmeticException("there is no constant \"" + name + "\"");
  }

  private static RowType whole(int bits, Narrowing narrowing) {
    return new RowType(
        new ArrowType.Int(bits, true),
        ArrowType.Int.class::isInstance,
        (vector, row) -> narrowing.of(wholeNumber(vector, row)),
        (vector, row, value) ->
            ((BaseIntVector) vector).setWithPossibleTruncate(row, ((Number) value).longValue()));
  }

  private static long wholeNumber(FieldVector vector, int row) {
    long value = ((BaseIntVector) vector).getValueAsLong(row);
    ArrowType.Int type = (ArrowType.Int) vector.getField().getType();
    if (value < 0 && !type.getIsSigned()) {
      throw new ArithmeticException(Long.toUnsignedString(value) + " is too large");
    }
    return value;
  }

  private static long exact(long value, long narrowed) {
    if (value != narrowed) {
      throw new ArithmeticException(value + " is too large");
    }
    return narrowed;
  }

  private static boolean fitsDouble(ArrowType type) {
    return type instanceof ArrowType.FloatingPoint
        || (type instanceof ArrowType.Int whole && whole.getBitWidth() <= EXACT_IN_DOUBLE_BITS);
  }

  private static Object readDouble(FieldVector vector, int row) {
    return vector instanceof BaseIntVector
        ? (double) wholeNumber(vector, row)
        : ((FloatingPointVector) vector).getValueAsDouble(row);
  }

  private static void writeFraction(FieldVector vector, int row, Object value) {
    ((FloatingPointVector) vector).setSafeWithPossibleTruncate(row, ((Number) value).doubleValue());
  }

  private static boolean isText(ArrowType type) {
    return type instanceof ArrowType.Utf8
        || type instanceof ArrowType.LargeUtf8
        || type instanceof ArrowType.Utf8View;
  }

  private static void writeText(FieldVector vector, int row, Object value) {
    ((VarCharVector) vector).setSafe(row, ((String) value).getBytes(StandardCharsets.UTF_8));
  }

  private static Object readDate(FieldVector vector, int row) {
    return vector instanceof DateMilliVector millis
        ? LocalDate.ofEpochDay(Math.floorDiv(millis.get(row), Duration.ofDays(1).toMillis()))
        : LocalDate.ofEpochDay(((DateDayVector) vector).get(row));
  }

  private static Object readTime(FieldVector vector, int row) {
    if (vector instanceof TimeSecVector seconds) {
      return LocalTime.ofSecondOfDay(seconds.get(row));
    } else if (vector instanceof TimeMilliVector millis) {
      return LocalTime.ofNanoOfDay(Duration.ofMillis(millis.get(row)).toNanos());
    } else if (vector instanceof TimeMicroVector micros) {
      return LocalTime.ofNanoOfDay(Math.multiplyExact(micros.get(row), 1000L));
    }
    return LocalTime.ofNanoOfDay(((TimeNanoVector) vector).get(row));
  }

  private static long perSecond(TimeUnit unit) {
    return switch (unit) {
      case SECOND -> 1;
      case MILLISECOND -> 1000;
      case MICROSECOND -> 1_000_000;
      case NANOSECOND -> NANOS_PER_SECOND;
    };
  }

  private static Instant readInstant(FieldVector vector, int row) {
    long value = ((TimeStampVector) vector).get(row);
    long perSecond = perSecond(((ArrowType.Timestamp) vector.getField().getType()).getUnit());
    long nanos = Math.floorMod(value, perSecond) * (NANOS_PER_SECOND / perSecond);
    return Instant.ofEpochSecond(Math.floorDiv(value, perSecond), nanos);
  }

  private static void writeInstant(FieldVector vector, int row, Object value) {
    Instant instant = (Instant) value;
    ((TimeStampVector) vector).setSafe(row, micros(instant.getEpochSecond(), instant.getNano()));
  }

  private static long micros(long seconds, int nanos) {
    return Math.addExact(
        Math.multiplyExact(seconds, perSecond(TimeUnit.MICROSECOND)), nanos / NANOS_PER_MICRO);
  }
}
