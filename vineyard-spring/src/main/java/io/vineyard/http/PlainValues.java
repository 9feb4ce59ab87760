package io.vineyard.http;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.LargeVarBinaryVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeMilliVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeSecVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.UInt4Vector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.ViewVarBinaryVector;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/**
 * Values that are not nested. Numbers are JSON numbers, but those that JSON has not got (NaN and
 * the infinities) are texts; dates and times are texts as ISO 8601 has them, bytes are Base64.
 */
final class PlainValues implements ColumnValues {
  private final ValueVector vector;
  private final Form form;
  private final IntFunction<String> text;

  /** How a value is written. */
  private enum Form {
    /** As it is: a number, true or false. */
    LITERAL,
    /** In quotes. */
    TEXT
  }

  private PlainValues(ValueVector vector, Form form, IntFunction<String> text) {
    this.vector = vector;
    this.form = form;
    this.text = text;
  }

  /** Returns the values of a vector, null if it is nested. */
  static @Nullable ColumnValues of(ValueVector vector) {
    IntFunction<String> literal = literals(vector);
    if (literal != null) {
      return new PlainValues(vector, Form.LITERAL, literal);
    }
    IntFunction<String> text = texts(vector);
    if (text == null) {
      text = times(vector);
    }
    if (text == null) {
      text = bytes(vector);
    }
    return text == null ? null : new PlainValues(vector, Form.TEXT, text);
  }

  /** Returns values that are texts, whatever the vector is. */
  static ColumnValues ofTexts(ValueVector vector, IntFunction<String> text) {
    return new PlainValues(vector, Form.TEXT, text);
  }

  private static @Nullable IntFunction<String> literals(ValueVector vector) {
    if (vector instanceof UInt1Vector ints) {
      return row -> Integer.toString(Byte.toUnsignedInt(ints.get(row)));
    } else if (vector instanceof UInt2Vector ints) {
      return row -> Integer.toString(ints.get(row));
    } else if (vector instanceof UInt4Vector ints) {
      return row -> Integer.toUnsignedString(ints.get(row));
    } else if (vector instanceof UInt8Vector ints) {
      return row -> Long.toUnsignedString(ints.get(row));
    } else if (vector instanceof BaseIntVector ints) {
      return row -> Long.toString(ints.getValueAsLong(row));
    } else if (vector instanceof Float8Vector floats) {
      return row -> Double.toString(floats.get(row));
    } else if (vector instanceof Float4Vector floats) {
      return row -> Float.toString(floats.get(row));
    } else if (vector instanceof Float2Vector floats) {
      return row -> Float.toString(floats.getValueAsFloat(row));
    } else if (vector instanceof BitVector bits) {
      return row -> bits.get(row) == 0 ? "false" : "true";
    } else if (vector instanceof DecimalVector decimals) {
      return row -> decimals.getObject(row).toPlainString();
    } else if (vector instanceof Decimal256Vector decimals) {
      return row -> decimals.getObject(row).toPlainString();
    }
    return vector instanceof NullVector ? row -> "null" : null;
  }

  private static @Nullable IntFunction<String> texts(ValueVector vector) {
    if (vector instanceof VarCharVector texts) {
      return row -> new String(texts.get(row), StandardCharsets.UTF_8);
    } else if (vector instanceof LargeVarCharVector texts) {
      return row -> new String(texts.get(row), StandardCharsets.UTF_8);
    } else if (vector instanceof ViewVarCharVector texts) {
      return row -> new String(texts.get(row), StandardCharsets.UTF_8);
    }
    return null;
  }

  private static @Nullable IntFunction<String> bytes(ValueVector vector) {
    Base64.Encoder encoder = Base64.getEncoder();
    if (vector instanceof VarBinaryVector bytes) {
      return row -> encoder.encodeToString(bytes.get(row));
    } else if (vector instanceof LargeVarBinaryVector bytes) {
      return row -> encoder.encodeToString(bytes.get(row));
    } else if (vector instanceof ViewVarBinaryVector bytes) {
      return row -> encoder.encodeToString(bytes.get(row));
    } else if (vector instanceof FixedSizeBinaryVector bytes) {
      return row -> encoder.encodeToString(bytes.get(row));
    }
    return null;
  }

  private static @Nullable IntFunction<String> times(ValueVector vector) {
    if (vector instanceof TimeStampVector stamps) {
      return timestamps(stamps, (ArrowType.Timestamp) vector.getField().getType());
    } else if (vector instanceof DateDayVector days) {
      return orNumber(row -> LocalDate.ofEpochDay(days.get(row)).toString(), days::get);
    } else if (vector instanceof DateMilliVector days) {
      return orNumber(
          row ->
              LocalDate.ofEpochDay(Math.floorDiv(days.get(row), TimeUnit.DAYS.toMillis(1)))
                  .toString(),
          days::get);
    } else if (vector instanceof TimeSecVector times) {
      return time(times::get, TimeUnit.SECONDS);
    } else if (vector instanceof TimeMilliVector times) {
      return time(times::get, TimeUnit.MILLISECONDS);
    } else if (vector instanceof TimeMicroVector times) {
      return time(times::get, TimeUnit.MICROSECONDS);
    } else if (vector instanceof TimeNanoVector times) {
      return time(times::get, TimeUnit.NANOSECONDS);
    }
    boolean isSpan =
        vector.getField().getType() instanceof ArrowType.Duration
            || vector.getField().getType() instanceof ArrowType.Interval;
    return isSpan && vector instanceof BaseFixedWidthVector
        ? row -> String.valueOf(vector.getObject(row))
        : null;
  }

  private interface Number64 {
    long get(int row);
  }

  private static IntFunction<String> time(Number64 values, TimeUnit unit) {
    return orNumber(
        row -> {
          LocalTime time = LocalTime.ofNanoOfDay(unit.toNanos(values.get(row)));
          return DateTimeFormatter.ISO_LOCAL_TIME.format(time);
        },
        values);
  }

  private static IntFunction<String> timestamps(TimeStampVector values, ArrowType.Timestamp type) {
    TimeUnit unit =
        switch (type.getUnit()) {
          case SECOND -> TimeUnit.SECONDS;
          case MILLISECOND -> TimeUnit.MILLISECONDS;
          case MICROSECOND -> TimeUnit.MICROSECONDS;
          case NANOSECOND -> TimeUnit.NANOSECONDS;
        };
    ZoneId zone = zone(type.getTimezone());
    return orNumber(
        row -> {
          Instant instant = instant(values.get(row), unit);
          return zone == null
              ? DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(
                  LocalDateTime.ofInstant(instant, ZoneOffset.UTC))
              : DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(instant.atZone(zone));
        },
        values::get);
  }

  private static Instant instant(long value, TimeUnit unit) {
    long perSecond = unit.convert(1, TimeUnit.SECONDS);
    long nanos = unit.toNanos(Math.floorMod(value, perSecond));
    return Instant.ofEpochSecond(Math.floorDiv(value, perSecond), nanos);
  }

  private static @Nullable ZoneId zone(@Nullable String name) {
    if (name == null || name.isEmpty()) {
      return null;
    }
    try {
      return ZoneId.of(name);
    } catch (DateTimeException unknown) {
      return ZoneOffset.UTC;
    }
  }

  /** What no calendar has is said as the number that it is. */
  private static IntFunction<String> orNumber(IntFunction<String> text, Number64 number) {
    return row -> {
      try {
        return text.apply(row);
      } catch (DateTimeException | ArithmeticException outOfRange) {
        return Long.toString(number.get(row));
      }
    };
  }

  @Override
  public void json(JsonGenerator out, int row) throws IOException {
    if (vector.isNull(row)) {
      out.writeNull();
    } else if (form == Form.TEXT || isNoJsonNumber(row)) {
      out.writeString(text.apply(row));
    } else if (vector instanceof BaseIntVector ints && !(vector instanceof UInt8Vector)) {
      integer(out, ints, row);
    } else {
      out.writeRawValue(text.apply(row));
    }
  }

  /** Writes a number without a text of it in between. */
  private static void integer(JsonGenerator out, BaseIntVector ints, int row) throws IOException {
    if (ints instanceof UInt1Vector bytes) {
      out.writeNumber(Byte.toUnsignedInt(bytes.get(row)));
    } else if (ints instanceof UInt2Vector shorts) {
      out.writeNumber((int) shorts.get(row));
    } else if (ints instanceof UInt4Vector unsigned) {
      out.writeNumber(Integer.toUnsignedLong(unsigned.get(row)));
    } else {
      out.writeNumber(ints.getValueAsLong(row));
    }
  }

  private boolean isNoJsonNumber(int row) {
    if (vector instanceof Float8Vector floats) {
      return !Double.isFinite(floats.get(row));
    } else if (vector instanceof Float4Vector floats) {
      return !Float.isFinite(floats.get(row));
    }
    return vector instanceof Float2Vector floats && !Float.isFinite(floats.getValueAsFloat(row));
  }

  @Override
  public @Nullable String text(int row) {
    return vector.isNull(row) ? null : text.apply(row);
  }
}
