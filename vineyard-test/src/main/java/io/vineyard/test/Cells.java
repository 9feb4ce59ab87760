package io.vineyard.test;

import io.vineyard.store.arrow.RecordBatch;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeMilliVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeSecVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.util.Text;
import org.jspecify.annotations.Nullable;

/**
 * Values of batches, as Java has them: equal if they are, and with a text that says what they are.
 */
final class Cells {
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long NANOS_PER_MICRO = 1000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** Bytes, which as an array are equal to no others. */
  record Bytes(String hex) {
    @Override
    public String toString() {
      return hex;
    }
  }

  private Cells() {}

  static List<@Nullable Object> row(RecordBatch batch, int row) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < batch.columnCount(); i++) {
      values.add(value(batch, batch.vector(i), row));
    }
    return values;
  }

  static List<@Nullable Object> column(RecordBatch batch, FieldVector vector) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int row = 0; row < batch.rowCount(); row++) {
      values.add(value(batch, vector, row));
    }
    return values;
  }

  private static @Nullable Object value(RecordBatch batch, FieldVector vector, int row) {
    DictionaryEncoding encoding = vector.getField().getDictionary();
    if (encoding != null && vector instanceof BaseIntVector indices) {
      Dictionary dictionary = batch.dictionaries().lookup(encoding.getId());
      return vector.isNull(row)
          ? null
          : plain(dictionary.getVector(), (int) indices.getValueAsLong(row));
    }
    return plain(vector, row);
  }

  private static @Nullable Object plain(FieldVector vector, int row) {
    if (!(vector instanceof RunEndEncodedVector) && vector.isNull(row)) {
      return null;
    }
    ArrowType type = vector.getField().getType();
    if (vector instanceof BaseIntVector numbers
        && type instanceof ArrowType.Int whole
        && !whole.getIsSigned()) {
      return unsigned(numbers.getValueAsLong(row), whole.getBitWidth());
    } else if (vector instanceof Float2Vector halves) {
      return halves.getValueAsFloat(row);
    }
    Object time = time(vector, row);
    return time == null ? comparable(vector.getObject(row)) : time;
  }

  private static Object unsigned(long value, int bits) {
    if (bits < Long.SIZE) {
      return value & (1L << bits) - 1;
    }
    return value >= 0 ? value : new java.math.BigInteger(Long.toUnsignedString(value));
  }

  private static @Nullable Object time(FieldVector vector, int row) {
    if (vector instanceof DateDayVector days) {
      return LocalDate.ofEpochDay(days.get(row));
    } else if (vector instanceof DateMilliVector millis) {
      return LocalDate.ofInstant(Instant.ofEpochMilli(millis.get(row)), ZoneOffset.UTC);
    } else if (vector instanceof TimeSecVector seconds) {
      return LocalTime.ofSecondOfDay(seconds.get(row));
    } else if (vector instanceof TimeMilliVector millis) {
      return LocalTime.ofNanoOfDay(millis.get(row) * NANOS_PER_MILLI);
    } else if (vector instanceof TimeMicroVector micros) {
      return LocalTime.ofNanoOfDay(micros.get(row) * NANOS_PER_MICRO);
    } else if (vector instanceof TimeNanoVector nanos) {
      return LocalTime.ofNanoOfDay(nanos.get(row));
    } else if (vector instanceof TimeStampVector instants) {
      ArrowType.Timestamp type = (ArrowType.Timestamp) vector.getField().getType();
      long perSecond = LeafWriter.perSecond(type.getUnit());
      long value = instants.get(row);
      long nanos = Math.floorMod(value, perSecond) * (NANOS_PER_SECOND / perSecond);
      Instant instant = Instant.ofEpochSecond(Math.floorDiv(value, perSecond), nanos);
      return type.getTimezone() == null
          ? LocalDateTime.ofInstant(instant, ZoneOffset.UTC)
          : instant;
    }
    return null;
  }

  /** Has equal values be equal, however they came. */
  static @Nullable Object comparable(@Nullable Object value) {
    if (value instanceof Text text) {
      return text.toString();
    } else if (value instanceof byte[] bytes) {
      return new Bytes(HexFormat.of().formatHex(bytes));
    } else if (value instanceof List<?> list) {
      List<@Nullable Object> parts = new ArrayList<>();
      list.forEach(part -> parts.add(comparable(part)));
      return parts;
    } else if (value instanceof Map<?, ?> map) {
      Map<@Nullable Object, @Nullable Object> parts = new LinkedHashMap<>();
      map.forEach((key, part) -> parts.put(comparable(key), comparable(part)));
      return parts;
    }
    return value;
  }
}
