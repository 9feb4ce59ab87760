package io.vineyard.store.arrow;

import io.vineyard.store.arrow.format.FieldPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.UnionMode;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Fills the buffers of vectors by what their format asks for, with random values. */
final class RandomVectors {
  private static final int MOST_SIZE = 7;
  private static final int MOST_VIEW_BYTES = 40;
  private static final int LETTERS = 26;
  private static final int MOST_SMALL = 80_000;
  private static final long MILLIS_PER_DAY = 86_400_000;
  private static final double NULLS = 0.2;

  private final Random random;
  private final BufferAllocator allocator;

  private RandomVectors(Random random, BufferAllocator allocator) {
    this.random = random;
    this.allocator = allocator;
  }

  static FieldVector fill(Field field, int values, Random random, BufferAllocator allocator) {
    FieldVector vector = field.createVector(allocator);
    new RandomVectors(random, allocator).fill(FieldPlan.of(field), vector, values);
    return vector;
  }

  /** Makes indices below a bound. */
  static FieldVector indices(
      Field field, int values, int bound, Random random, BufferAllocator allocator) {
    RandomVectors filler = new RandomVectors(random, allocator);
    FieldVector vector = field.createVector(allocator);
    int width = ((ArrowType.Int) field.getType()).getBitWidth() / Byte.SIZE;
    ArrowBuf data = filler.zeroed((long) width * values);
    for (int i = 0; i < values; i++) {
      data.setByte((long) i * width, random.nextInt(bound));
    }
    filler.load(vector, values, List.of(filler.validity(values, true), data));
    return vector;
  }

  private void fill(FieldPlan plan, FieldVector vector, int values) {
    ArrowType type = plan.storage();
    List<FieldVector> children = vector.getChildrenFromFields();
    if (vector instanceof BaseVariableWidthViewVector view) {
      fillViews(view, values);
    } else if (type instanceof ArrowType.Union union) {
      fillUnion(plan, union, vector, values);
    } else if (vector instanceof RunEndEncodedVector) {
      fillRuns(plan, vector, values);
    } else {
      int childValues = 0;
      List<ArrowBuf> buffers = new ArrayList<>();
      for (FieldPlan.BufferPlan buffer : plan.buffers()) {
        switch (buffer.kind()) {
          case VALIDITY -> buffers.add(validity(values, plan.field().isNullable()));
          case OFFSET -> {
            ArrowBuf offsets = offsets(values, buffer);
            childValues = last(offsets, values, buffer);
            buffers.add(offsets);
          }
          case SIZE -> buffers.add(sizes(buffers.get(1), values, buffer));
          default ->
              buffers.add(
                  buffer.bitWidth() == 0 ? letters(childValues) : data(type, values, buffer));
        }
      }
      load(vector, values, buffers);
      if (type instanceof ArrowType.FixedSizeList list) {
        childValues = values * list.getListSize();
      } else if (type instanceof ArrowType.Struct) {
        childValues = values;
      }
      for (int i = 0; i < children.size(); i++) {
        fill(plan.children().get(i), children.get(i), childValues);
      }
    }
  }

  private void load(FieldVector vector, int values, List<ArrowBuf> buffers) {
    vector.loadFieldBuffers(new ArrowFieldNode(values, -1), buffers);
    buffers.forEach(ArrowBuf::close);
  }

  private ArrowBuf zeroed(long size) {
    ArrowBuf buffer = allocator.buffer(Math.max(size, 1));
    buffer.setZero(0, buffer.capacity());
    return buffer.writerIndex(size);
  }

  private ArrowBuf validity(int values, boolean isNullable) {
    ArrowBuf bits = zeroed((values + 7) / 8);
    for (int i = 0; i < values; i++) {
      if (!isNullable || random.nextDouble() >= NULLS) {
        bits.setByte(i / 8, bits.getByte(i / 8) | 1 << i % 8);
      }
    }
    return bits;
  }

  private ArrowBuf offsets(int values, FieldPlan.BufferPlan plan) {
    long width = plan.bitWidth() / 8;
    ArrowBuf offsets = zeroed(width * (values + 1));
    int next = 0;
    for (int i = 0; i <= values; i++) {
      set(offsets, i, width, next);
      next += random.nextInt(MOST_SIZE);
    }
    return offsets;
  }

  private static void set(ArrowBuf buffer, long index, long width, long value) {
    if (width == Integer.BYTES) {
      buffer.setInt(index * width, (int) value);
    } else {
      buffer.setLong(index * width, value);
    }
  }

  private static int get(ArrowBuf buffer, long index, long width) {
    return buffer.getInt(index * width);
  }

  private static int last(ArrowBuf offsets, int values, FieldPlan.BufferPlan plan) {
    return get(offsets, values, plan.bitWidth() / 8);
  }

  private static ArrowBuf sizes(ArrowBuf offsets, int values, FieldPlan.BufferPlan plan) {
    long width = plan.bitWidth() / 8;
    ArrowBuf sizes = offsets.getReferenceManager().getAllocator().buffer(width * (values + 1));
    for (int i = 0; i < values; i++) {
      set(sizes, i, width, get(offsets, i + 1, width) - get(offsets, i, width));
    }
    return sizes.writerIndex(width * values);
  }

  private ArrowBuf letters(int size) {
    ArrowBuf letters = zeroed(size);
    for (int i = 0; i < size; i++) {
      letters.setByte(i, 'a' + random.nextInt(LETTERS));
    }
    return letters;
  }

  private ArrowBuf data(ArrowType type, int values, FieldPlan.BufferPlan plan) {
    ArrowBuf data = zeroed(plan.sizeBytes(values));
    boolean isTime =
        type instanceof ArrowType.Time
            || type instanceof ArrowType.Timestamp
            || type instanceof ArrowType.Date
            || type instanceof ArrowType.Duration
            || type instanceof ArrowType.Interval;
    int width = plan.bitWidth() / 8;
    if (!isTime) {
      byte[] bytes = new byte[(int) data.writerIndex()];
      random.nextBytes(bytes);
      data.setBytes(0, bytes);
    } else {
      for (int i = 0; i < values; i++) {
        data.setInt((long) i * width, random.nextInt(MOST_SMALL));
      }
    }
    makeLegal(type, data, values, width);
    return data;
  }

  /** Not all bits are a value of some types, which other implementations would refuse. */
  private static void makeLegal(ArrowType type, ArrowBuf data, int values, int width) {
    for (int i = 0; i < values; i++) {
      long at = (long) i * width;
      if (type instanceof ArrowType.Decimal) {
        long sign = data.getLong(at) >> (Long.SIZE - 1);
        for (int next = Long.BYTES; next < width; next += Long.BYTES) {
          data.setLong(at + next, sign);
        }
      } else if (type instanceof ArrowType.Date && width == Long.BYTES) {
        data.setLong(at, data.getLong(at) * MILLIS_PER_DAY);
      }
    }
  }

  private void fillViews(BaseVariableWidthViewVector vector, int values) {
    vector.allocateNew(values);
    // what follows a short value must be 0, which vectors leave to whoever fills them
    vector.getDataBuffer().setZero(0, vector.getDataBuffer().capacity());
    for (int i = 0; i < values; i++) {
      if (random.nextDouble() >= NULLS) {
        byte[] bytes = new byte[random.nextInt(MOST_VIEW_BYTES)];
        Arrays.fill(bytes, (byte) ('a' + random.nextInt(LETTERS)));
        vector.setSafe(i, bytes);
      } else {
        vector.setNull(i);
      }
    }
    vector.setValueCount(values);
  }

  private void fillUnion(FieldPlan plan, ArrowType.Union union, FieldVector vector, int values) {
    boolean isDense = union.getMode() == UnionMode.Dense;
    int[] ids = union.getTypeIds();
    int[] counts = new int[ids.length];
    ArrowBuf types = zeroed(values);
    ArrowBuf offsets = zeroed((long) values * Integer.BYTES);
    for (int i = 0; i < values; i++) {
      int child = random.nextInt(ids.length);
      types.setByte(i, ids[child]);
      offsets.setInt((long) i * Integer.BYTES, counts[child]++);
    }
    if (isDense) {
      load(vector, values, List.of(types, offsets));
    } else {
      load(vector, values, List.of(types));
      offsets.close();
    }
    List<FieldVector> children = vector.getChildrenFromFields();
    for (int i = 0; i < children.size(); i++) {
      fill(plan.children().get(i), children.get(i), isDense ? counts[i] : values);
    }
  }

  private void fillRuns(FieldPlan plan, FieldVector vector, int values) {
    List<Integer> ends = new ArrayList<>();
    for (int end = 0; end < values; ) {
      end = Math.min(values, end + 1 + random.nextInt(MOST_SIZE));
      ends.add(end);
    }
    load(vector, values, List.of());
    FieldVector runEnds = vector.getChildrenFromFields().get(0);
    int width = ((ArrowType.Int) runEnds.getField().getType()).getBitWidth() / 8;
    ArrowBuf data = zeroed((long) width * ends.size());
    for (int i = 0; i < ends.size(); i++) {
      if (width == Short.BYTES) {
        data.setShort((long) i * width, ends.get(i));
      } else {
        set(data, i, width, ends.get(i));
      }
    }
    load(runEnds, ends.size(), List.of(validity(ends.size(), false), data));
    fill(plan.children().get(1), vector.getChildrenFromFields().get(1), ends.size());
  }
}
