package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.arrow.format.FieldPlan;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.util.Float16;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.util.Text;

/** Compares vectors with the JSON in which Arrow's implementations describe columns. */
final class JsonColumns {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private final FieldPlan plan;
  private final JsonNode json;
  private final FieldVector vector;
  private final List<ArrowBuf> buffers;
  private final int count;

  private JsonColumns(FieldPlan plan, JsonNode json, FieldVector vector) {
    this.plan = plan;
    this.json = json;
    this.vector = vector;
    this.buffers = vector.getFieldBuffers();
    this.count = json.get("count").asInt();
  }

  /** Compares; takes the field of the schema, as unions don't remember the type ids of theirs. */
  static void assertSame(JsonNode json, Field field, FieldVector vector) {
    new JsonColumns(FieldPlan.of(field), json, vector).check();
  }

  private void check() {
    assertThat(vector.getValueCount()).as("values of %s", vector.getField()).isEqualTo(count);
    for (int i = 0; i < count; i++) {
      if (json.has("VALIDITY")) {
        assertThat(vector.isNull(i)).as(at(i)).isEqualTo(json.get("VALIDITY").get(i).asInt() == 0);
      }
      if (!json.has("VALIDITY") || !vector.isNull(i)) {
        checkValue(i);
      }
    }
    for (int i = 0; i < plan.children().size(); i++) {
      FieldVector child = vector.getChildrenFromFields().get(i);
      new JsonColumns(plan.children().get(i), json.get("children").get(i), child).check();
    }
  }

  private String at(int index) {
    return vector.getField() + " at " + index;
  }

  private void checkValue(int index) {
    ArrowType type = plan.storage();
    if (type instanceof ArrowType.Null || type instanceof ArrowType.RunEndEncoded) {
      return;
    }
    if (type instanceof ArrowType.Union union) {
      checkUnion(union, index);
    } else if (plan.isView()) {
      checkView(index);
    } else if (json.has("OFFSET")) {
      checkOffsets(index);
    } else if (json.has("DATA")) {
      checkFixed(index);
    }
  }

  private void checkUnion(ArrowType.Union union, int index) {
    byte typeId = buffers.get(0).getByte(index);
    assertThat(typeId).as(at(index)).isEqualTo((byte) json.get("TYPE_ID").get(index).asInt());
    int position = index;
    if (union.getMode() == UnionMode.Dense) {
      position = buffers.get(1).getInt((long) index * Integer.BYTES);
      assertThat(position).as(at(index)).isEqualTo(json.get("OFFSET").get(index).asInt());
    }
    int child = 0;
    while (union.getTypeIds()[child] != typeId) {
      child++;
    }
    assertThat(vector.getObject(index))
        .as(at(index))
        .isEqualTo(vector.getChildrenFromFields().get(child).getObject(position));
  }

  private void checkView(int index) {
    JsonNode view = json.get("VIEWS").get(index);
    byte[] value = ((BaseVariableWidthViewVector) vector).get(index);
    assertThat(value).as(at(index)).hasSize(view.get("SIZE").asInt());
    if (view.has("INLINED")) {
      String inlined = view.get("INLINED").asText();
      assertThat(isText() ? new String(value, StandardCharsets.UTF_8) : HEX.formatHex(value))
          .as(at(index))
          .isEqualTo(inlined);
    } else {
      int offset = view.get("OFFSET").asInt();
      String data =
          json.get("VARIADIC_DATA_BUFFERS").get(view.get("BUFFER_INDEX").asInt()).asText();
      assertThat(HEX.formatHex(value))
          .as(at(index))
          .isEqualTo(data.substring(2 * offset, 2 * (offset + value.length)));
    }
  }

  private boolean isText() {
    return plan.storage() instanceof ArrowType.Utf8
        || plan.storage() instanceof ArrowType.LargeUtf8
        || plan.storage() instanceof ArrowType.Utf8View;
  }

  private void checkOffsets(int index) {
    JsonNode offsets = json.get("OFFSET");
    int width = plan.buffers().get(1).bitWidth() / Byte.SIZE;
    assertThat(number(buffers.get(1), index, width))
        .as(at(index))
        .isEqualTo(offsets.get(index).asLong());
    if (json.has("SIZE")) {
      assertThat(number(buffers.get(2), index, width))
          .as(at(index))
          .isEqualTo(json.get("SIZE").get(index).asLong());
    } else {
      assertThat(number(buffers.get(1), index + 1L, width))
          .as(at(index))
          .isEqualTo(offsets.get(index + 1).asLong());
    }
    if (json.has("DATA")) {
      Object value = vector.getObject(index);
      assertThat(value instanceof Text ? value.toString() : HEX.formatHex((byte[]) value))
          .as(at(index))
          .isEqualTo(json.get("DATA").get(index).asText());
    }
  }

  private static long number(ArrowBuf buffer, long index, int width) {
    return switch (width) {
      case Byte.BYTES -> buffer.getByte(index);
      case Short.BYTES -> buffer.getShort(index * width);
      case Integer.BYTES -> buffer.getInt(index * width);
      default -> buffer.getLong(index * width);
    };
  }

  private void checkFixed(int index) {
    JsonNode expected = json.get("DATA").get(index);
    ArrowType type = plan.storage();
    ArrowBuf data = buffers.get(1);
    int bits = plan.buffers().get(1).bitWidth();
    Object actual;
    Object wanted;
    if (type instanceof ArrowType.Bool) {
      actual = vector.getObject(index);
      wanted = expected.asInt() == 1 || expected.asBoolean();
    } else if (type instanceof ArrowType.FixedSizeBinary) {
      byte[] bytes = new byte[bits / Byte.SIZE];
      data.getBytes((long) index * bytes.length, bytes);
      actual = HEX.formatHex(bytes);
      wanted = expected.asText();
    } else if (type instanceof ArrowType.Decimal) {
      actual = decimal(data, index, bits / Byte.SIZE);
      wanted = new BigInteger(expected.asText());
    } else if (type instanceof ArrowType.FloatingPoint floating) {
      actual = floating(data, floating.getPrecision(), index);
      boolean isSingle = floating.getPrecision() == FloatingPointPrecision.SINGLE;
      wanted = isSingle ? (double) (float) expected.asDouble() : expected.asDouble();
    } else if (type instanceof ArrowType.Interval interval
        && interval.getUnit() != IntervalUnit.YEAR_MONTH) {
      actual = interval(data, interval.getUnit(), index);
      wanted = interval(expected, interval.getUnit());
    } else {
      long unsigned = bits == Long.SIZE ? -1 : (1L << bits) - 1;
      actual = number(data, index, bits / Byte.SIZE) & unsigned;
      wanted = new BigInteger(expected.asText()).longValue() & unsigned;
    }
    assertThat(actual).as(at(index)).isEqualTo(wanted);
  }

  private static double floating(ArrowBuf data, FloatingPointPrecision precision, long index) {
    return switch (precision) {
      case HALF -> Float16.toFloat(data.getShort(index * Short.BYTES));
      case SINGLE -> data.getFloat(index * Float.BYTES);
      case DOUBLE -> data.getDouble(index * Double.BYTES);
    };
  }

  private static BigInteger decimal(ArrowBuf data, long index, int width) {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      bytes[width - 1 - i] = data.getByte(index * width + i);
    }
    return new BigInteger(bytes);
  }

  private static List<Long> interval(ArrowBuf data, IntervalUnit unit, long index) {
    long at = 2 * index;
    return unit == IntervalUnit.DAY_TIME
        ? List.of((long) data.getInt(8 * index), (long) data.getInt(8 * index + 4))
        : List.of(
            (long) data.getInt(8 * at), (long) data.getInt(8 * at + 4), data.getLong(8 * at + 8));
  }

  private static List<Long> interval(JsonNode json, IntervalUnit unit) {
    long days = json.get("days").asLong();
    return unit == IntervalUnit.DAY_TIME
        ? List.of(days, json.get("milliseconds").asLong())
        : List.of(json.get("months").asLong(), days, json.get("nanoseconds").asLong());
  }
}
