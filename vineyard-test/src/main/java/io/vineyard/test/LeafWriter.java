package io.vineyard.test;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BaseLargeVariableWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.IntervalDayVector;
import org.apache.arrow.vector.IntervalMonthDayNanoVector;
import org.apache.arrow.vector.IntervalYearVector;
import org.apache.arrow.vector.PeriodDuration;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeMilliVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeSecVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Writes values of Java into columns without children. */
final class LeafWriter {
  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long MILLIS_PER_DAY = Duration.ofDays(1).toMillis();

  private LeafWriter() {}

  /** Writes a value; temporal ones may be numbers, in the unit of the column. */
  static void write(Field field, FieldVector vector, int row, Object value) {
    if (!writeNumber(vector, row, value)
        && !writeTime(field, vector, row, value)
        && !writeBytes(vector, row, value)) {
      throw unfit(field, value);
    }
  }

  static IllegalArgumentException unfit(Field field, Object value) {
    return new IllegalArgumentException(
        "expected a value for column %s, got %s of type %s"
            .formatted(field, value, value.getClass().getSimpleName()));
  }

  private static boolean writeNumber(FieldVector vector, int row, Object value) {
    if (vector instanceof BitVector bits && value instanceof Boolean flag) {
      bits.setSafe(row, flag ? 1 : 0);
    } else if (vector instanceof BaseIntVector numbers && value instanceof Number number) {
      writeWhole(vector, numbers, row, number);
    } else if (vector instanceof Float2Vector halves && value instanceof Number number) {
      halves.setSafeWithPossibleTruncate(row, number.floatValue());
    } else if (vector instanceof FloatingPointVector numbers && value instanceof Number number) {
      numbers.setSafeWithPossibleTruncate(row, number.doubleValue());
    } else if (vector instanceof DecimalVector decimals && value instanceof Number number) {
      decimals.setSafe(row, decimal(number).setScale(decimals.getScale()));
    } else if (vector instanceof Decimal256Vector decimals && value instanceof Number number) {
      decimals.setSafe(row, decimal(number).setScale(decimals.getScale()));
    } else {
      return false;
    }
    return true;
  }

  private static void writeWhole(
      FieldVector vector, BaseIntVector numbers, int row, Number number) {
    numbers.setWithPossibleTruncate(row, number.longValue());
    ArrowType.Int type = (ArrowType.Int) vector.getField().getType();
    long kept = numbers.getValueAsLong(row);
    boolean isSame = kept == number.longValue() && number.doubleValue() == number.longValue();
    boolean mayWrap = !type.getIsSigned() && type.getBitWidth() == Long.SIZE;
    if (!isSame && !mayWrap) {
      throw unfit(vector.getField(), number);
    }
  }

  private static BigDecimal decimal(Number number) {
    return number instanceof BigDecimal decimal ? decimal : new BigDecimal(number.toString());
  }

  private static boolean writeTime(Field field, FieldVector vector, int row, Object value) {
    if (vector instanceof DateDayVector days) {
      days.setSafe(row, Math.toIntExact(days(field, value)));
    } else if (vector instanceof DateMilliVector millis) {
      boolean isRaw = value instanceof Number;
      millis.setSafe(row, isRaw ? days(field, value) : days(field, value) * MILLIS_PER_DAY);
    } else if (vector instanceof TimeSecVector times) {
      times.setSafe(row, Math.toIntExact(timeOfDay(field, value, TimeUnit.SECOND)));
    } else if (vector instanceof TimeMilliVector times) {
      times.setSafe(row, Math.toIntExact(timeOfDay(field, value, TimeUnit.MILLISECOND)));
    } else if (vector instanceof TimeMicroVector times) {
      times.setSafe(row, timeOfDay(field, value, TimeUnit.MICROSECOND));
    } else if (vector instanceof TimeNanoVector times) {
      times.setSafe(row, timeOfDay(field, value, TimeUnit.NANOSECOND));
    } else if (vector instanceof TimeStampVector times) {
      times.setSafe(row, instant(field, value));
    } else if (vector instanceof DurationVector durations) {
      durations.setSafe(row, duration(field, value));
    } else {
      return writeInterval(vector, row, value);
    }
    return true;
  }

  private static boolean writeInterval(FieldVector vector, int row, Object value) {
    if (vector instanceof IntervalYearVector years && value instanceof Period period) {
      years.setSafe(row, Math.toIntExact(period.toTotalMonths()));
    } else if (vector instanceof IntervalDayVector days && value instanceof Duration duration) {
      long millis = duration.minusDays(duration.toDays()).toMillis();
      days.setSafe(row, Math.toIntExact(duration.toDays()), Math.toIntExact(millis));
    } else if (vector instanceof IntervalMonthDayNanoVector parts
        && value instanceof PeriodDuration both) {
      int months = Math.toIntExact(both.getPeriod().toTotalMonths());
      parts.setSafe(
          row,
          months,
          Math.toIntExact(both.getPeriod().get(ChronoUnit.DAYS)),
          both.getDuration().toNanos());
    } else {
      return false;
    }
    return true;
  }

  private static boolean writeBytes(FieldVector vector, int row, Object value) {
    byte[] bytes = bytes(value);
    if (bytes == null) {
      return false;
    } else if (vector instanceof BaseVariableWidthVector texts) {
      texts.setSafe(row, bytes);
    } else if (vector instanceof BaseLargeVariableWidthVector texts) {
      texts.setSafe(row, bytes);
    } else if (vector instanceof BaseVariableWidthViewVector texts) {
      texts.setSafe(row, bytes);
    } else if (vector instanceof FixedSizeBinaryVector binaries) {
      if (bytes.length != binaries.getByteWidth()) {
        throw unfit(vector.getField(), value);
      }
      binaries.setSafe(row, bytes);
    } else {
      return false;
    }
    return true;
  }

  private static byte @Nullable [] bytes(Object value) {
    if (value instanceof CharSequence || value instanceof Enum<?>) {
      return value.toString().getBytes(StandardCharsets.UTF_8);
    }
    return value instanceof byte[] bytes ? bytes : null;
  }

  private static long days(Field field, Object value) {
    if (value instanceof LocalDate date) {
      return date.toEpochDay();
    }
    return raw(field, value);
  }

  private static long raw(Field field, Object value) {
    if (value instanceof Number number) {
      return number.longValue();
    }
    throw unfit(field, value);
  }

  private static long timeOfDay(Field field, Object value, TimeUnit unit) {
    return value instanceof LocalTime time
        ? time.toNanoOfDay() / (NANOS_PER_SECOND / perSecond(unit))
        : raw(field, value);
  }

  private static long instant(Field field, Object value) {
    TimeUnit unit = ((ArrowType.Timestamp) field.getType()).getUnit();
    Instant instant = instant(value);
    return instant == null
        ? raw(field, value)
        : count(instant.getEpochSecond(), instant.getNano(), unit);
  }

  private static @Nullable Instant instant(Object value) {
    if (value instanceof LocalDateTime local) {
      return local.toInstant(ZoneOffset.UTC);
    } else if (value instanceof ZonedDateTime zoned) {
      return zoned.toInstant();
    } else if (value instanceof OffsetDateTime zoned) {
      return zoned.toInstant();
    }
    return value instanceof Instant instant ? instant : null;
  }

  private static long duration(Field field, Object value) {
    TimeUnit unit = ((ArrowType.Duration) field.getType()).getUnit();
    return value instanceof Duration duration
        ? count(duration.getSeconds(), duration.getNano(), unit)
        : raw(field, value);
  }

  private static long count(long seconds, int nanos, TimeUnit unit) {
    long perSecond = perSecond(unit);
    return Math.addExact(
        Math.multiplyExact(seconds, perSecond), nanos / (NANOS_PER_SECOND / perSecond));
  }

  static long perSecond(TimeUnit unit) {
    return switch (unit) {
      case SECOND -> 1;
      case MILLISECOND -> 1000;
      case MICROSECOND -> 1_000_000;
      case NANOSECOND -> NANOS_PER_SECOND;
    };
  }

  /** Returns what an extension type stores for a value. */
  static @Nullable Object toStorage(@Nullable Object value) {
    if (value instanceof UUID id) {
      return ByteBuffer.allocate(2 * Long.BYTES)
          .putLong(id.getMostSignificantBits())
          .putLong(id.getLeastSignificantBits())
          .array();
    }
    return value;
  }

  /** Returns some value for a place that nobody sees, and that can't be null. */
  static Object anyOf(Field field) {
    ArrowType type = field.getType();
    if (type instanceof ArrowType.ExtensionType extension) {
      type = extension.storageType();
    }
    if (type instanceof ArrowType.Bool) {
      return false;
    } else if (type instanceof ArrowType.FixedSizeBinary binary) {
      return new byte[binary.getByteWidth()];
    } else if (type instanceof ArrowType.FixedSizeList list) {
      return Collections.nCopies(list.getListSize(), ColumnWriter.ABSENT);
    } else if (type instanceof ArrowType.Struct) {
      Map<String, Object> parts = new LinkedHashMap<>();
      field.getChildren().forEach(child -> parts.put(child.getName(), ColumnWriter.ABSENT));
      return parts;
    } else if (type instanceof ArrowType.Union) {
      return new ColumnWriter.Variant(0, ColumnWriter.ABSENT);
    } else if (type instanceof ArrowType.RunEndEncoded) {
      return anyOf(field.getChildren().get(1));
    } else if (type.isComplex()) {
      return List.of();
    } else if (type instanceof ArrowType.Interval interval) {
      return switch (interval.getUnit()) {
        case YEAR_MONTH -> Period.ZERO;
        case DAY_TIME -> Duration.ZERO;
        case MONTH_DAY_NANO -> new PeriodDuration(Period.ZERO, Duration.ZERO);
      };
    }
    return isBytes(type) ? "" : 0L;
  }

  private static boolean isBytes(ArrowType type) {
    return type instanceof ArrowType.Utf8
        || type instanceof ArrowType.LargeUtf8
        || type instanceof ArrowType.Utf8View
        || type instanceof ArrowType.Binary
        || type instanceof ArrowType.LargeBinary
        || type instanceof ArrowType.BinaryView;
  }
}
