package io.vineyard.test;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Period;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.arrow.vector.PeriodDuration;
import org.apache.arrow.vector.extension.UuidType;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/** Random values of any type, as {@link ColumnWriter} takes them. */
final class RandomValues {
  private static final double NULLS = 0.2;
  private static final double REPEATS = 0.6;
  private static final int MOST_PARTS = 5;
  private static final int MOST_CHARACTERS = 20;
  private static final int MOST_DECIMAL_BITS = 100;
  private static final double BITS_PER_DIGIT = Math.log(10) / Math.log(2);
  private static final int MOST_TIME = 80_000;
  private static final long MILLIS_PER_DAY = Duration.ofDays(1).toMillis();
  private static final int DICTIONARY_VALUES = 7;
  private static final String CHARACTERS = "abcdefghijklmnopqrstuvwxyz äß€";

  private final Random random;

  RandomValues(long seed) {
    this.random = new Random(seed);
  }

  List<@Nullable Object> column(Field field, int rows) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      values.add(field.getDictionary() == null ? value(field) : encoded(field));
    }
    boolean hasRuns = field.getType() instanceof ArrowType.RunEndEncoded;
    for (int i = 1; i < rows && hasRuns; i++) {
      values.set(i, random.nextDouble() < REPEATS ? values.get(i - 1) : values.get(i));
    }
    return values;
  }

  private @Nullable Object encoded(Field field) {
    return field.isNullable() && random.nextDouble() < NULLS
        ? null
        : "value " + random.nextInt(DICTIONARY_VALUES);
  }

  private @Nullable Object value(Field field) {
    if (field.isNullable() && random.nextDouble() < NULLS) {
      return null;
    }
    ArrowType type = field.getType();
    if (type instanceof ArrowType.Null) {
      return null;
    } else if (type instanceof ArrowType.Bool) {
      return random.nextBoolean();
    } else if (type instanceof ArrowType.Int whole) {
      long bits = random.nextLong();
      return whole.getIsSigned()
          ? bits >> (Long.SIZE - whole.getBitWidth())
          : bits >>> (Long.SIZE - whole.getBitWidth());
    } else if (type instanceof ArrowType.FloatingPoint) {
      return random.nextGaussian();
    } else if (type instanceof ArrowType.Decimal decimal) {
      int bits = Math.min(MOST_DECIMAL_BITS, (int) (decimal.getPrecision() * BITS_PER_DIGIT) - 1);
      BigInteger digits = new BigInteger(Math.max(bits, 1), random);
      return new BigDecimal(random.nextBoolean() ? digits : digits.negate(), decimal.getScale());
    } else if (type instanceof ArrowType.ExtensionType) {
      return extension(field, type);
    }
    Object time = time(type);
    Object bytes = time == null ? bytes(type) : time;
    return bytes == null ? nested(field, type) : bytes;
  }

  private Object extension(Field field, ArrowType type) {
    if (type instanceof UuidType) {
      return new UUID(random.nextLong(), random.nextLong());
    }
    throw new IllegalArgumentException("expected a type whose values are known, got " + field);
  }

  private @Nullable Object time(ArrowType type) {
    if (type instanceof ArrowType.Date date) {
      long days = random.nextInt(MOST_TIME);
      return switch (date.getUnit()) {
        case DAY -> days;
        case MILLISECOND -> days * MILLIS_PER_DAY;
      };
    } else if (type instanceof ArrowType.Interval interval) {
      Period months = Period.ofMonths(random.nextInt(MOST_TIME));
      Duration some = Duration.ofMillis(random.nextInt(MOST_TIME));
      return switch (interval.getUnit()) {
        case YEAR_MONTH -> months;
        case DAY_TIME -> some;
        case MONTH_DAY_NANO -> new PeriodDuration(months, some);
      };
    }
    boolean isTime =
        type instanceof ArrowType.Time
            || type instanceof ArrowType.Timestamp
            || type instanceof ArrowType.Duration;
    return isTime ? (long) random.nextInt(MOST_TIME) : null;
  }

  private @Nullable Object bytes(ArrowType type) {
    if (type instanceof ArrowType.FixedSizeBinary fixed) {
      return bytes(fixed.getByteWidth());
    } else if (type instanceof ArrowType.Binary
        || type instanceof ArrowType.LargeBinary
        || type instanceof ArrowType.BinaryView) {
      return bytes(random.nextInt(MOST_CHARACTERS));
    }
    boolean isText =
        type instanceof ArrowType.Utf8
            || type instanceof ArrowType.LargeUtf8
            || type instanceof ArrowType.Utf8View;
    return isText ? text() : null;
  }

  private byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    int size = random.nextInt(MOST_CHARACTERS);
    for (int i = 0; i < size; i++) {
      text.append(CHARACTERS.charAt(random.nextInt(CHARACTERS.length())));
    }
    return text.toString();
  }

  private @Nullable Object nested(Field field, ArrowType type) {
    List<Field> children = field.getChildren();
    if (type instanceof ArrowType.Struct) {
      Map<String, @Nullable Object> parts = new LinkedHashMap<>();
      children.forEach(child -> parts.put(child.getName(), value(child)));
      return parts;
    } else if (type instanceof ArrowType.Union) {
      int child = random.nextInt(children.size());
      return new ColumnWriter.Variant(child, value(children.get(child)));
    } else if (type instanceof ArrowType.RunEndEncoded) {
      return value(children.get(1));
    }
    int size =
        type instanceof ArrowType.FixedSizeList fixed
            ? fixed.getListSize()
            : random.nextInt(MOST_PARTS);
    List<@Nullable Object> parts = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      parts.add(value(children.get(0)));
    }
    return parts;
  }
}
