package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BufferLayout.BufferType;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;

/** Makes writable vectors of fixed width whose buffers lie behind each other in one piece. */
public final class FixedColumns {
  private static final byte ALL_VALID = (byte) 0xff;

  /** Keeps Arrow from making validity of its own, as it does where there are no or only nulls. */
  private static final int NOT_COUNTED = -1;

  private static final int MOST_BUFFERS = 2;

  private final BatchSchema schema;
  private final BufferAllocator allocator;

  private FixedColumns(BatchSchema schema, BufferAllocator allocator) {
    this.schema = schema;
    this.allocator = allocator;
  }

  /**
   * Begins with the columns of a schema.
   *
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if one is not of fixed width
   */
  public static FixedColumns of(BatchSchema schema, BufferAllocator allocator) {
    for (FieldPlan plan : schema.plans()) {
      try (FieldVector vector = plan.field().createVector(Allocators.VIEWS)) {
        if (!(vector instanceof BaseFixedWidthVector)) {
          throw VineyardException.of(
              ErrorCode.UNSUPPORTED, "expected a column of fixed width, got " + plan.field());
        }
      }
    }
    return new FixedColumns(schema, allocator);
  }

  /** Makes the vectors of one batch, which the caller closes; their values are anything. */
  public List<FieldVector> allocate(int rows) {
    List<FieldPlan> plans = schema.plans();
    List<FieldVector> vectors = new ArrayList<>(plans.size());
    ArrowBuf block = allocator.buffer(sizeBytes(rows));
    ForeignMemory memory = new ForeignMemory(block::close);
    try {
      long next = block.memoryAddress();
      ArrowFieldNode node = new ArrowFieldNode(rows, NOT_COUNTED);
      List<ArrowBuf> buffers = new ArrayList<>(MOST_BUFFERS);
      for (int i = 0; i < plans.size(); i++) {
        FieldPlan plan = plans.get(i);
        FieldVector vector = plan.field().createVector(allocator);
        vectors.add(vector);
        next = take(plan, rows, memory, next, buffers);
        vector.loadFieldBuffers(node, buffers);
        buffers.clear();
      }
      return vectors;
    } catch (RuntimeException broken) {
      vectors.forEach(FieldVector::close);
      throw broken;
    } finally {
      memory.endLoad();
    }
  }

  /** Takes the buffers of a column from an address on; returns where the next one's begin. */
  private long take(
      FieldPlan plan, int rows, ForeignMemory memory, long address, List<ArrowBuf> buffers) {
    long next = address;
    for (int i = 0; i < plan.buffers().size(); i++) {
      FieldPlan.BufferPlan buffer = plan.buffers().get(i);
      long size = buffer.sizeBytes(rows);
      if (isLeftOut(plan, buffer)) {
        buffers.add(schema.allValid().bytes(size));
      } else {
        buffers.add(view(memory, buffer, next, size));
        next += BufferList.aligned(size);
      }
    }
    return next;
  }

  /**
   * Checks that columns without nulls have none.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if one was set to null
   */
  public void checkNoNulls(int rows) {
    List<FieldPlan> plans = schema.plans();
    long bits = 0;
    for (int i = 0; i < plans.size(); i++) {
      boolean leftOut = !plans.get(i).field().isNullable();
      bits = leftOut ? (rows + Byte.SIZE - 1) / Byte.SIZE : bits;
    }
    if (!schema.allValid().isIntact(bits)) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected values in all columns that are not nullable, got a null, of "
              + schema.memory());
    }
  }

  private long sizeBytes(int rows) {
    long size = 0;
    List<FieldPlan> plans = schema.plans();
    for (int i = 0; i < plans.size(); i++) {
      FieldPlan plan = plans.get(i);
      for (int j = 0; j < plan.buffers().size(); j++) {
        FieldPlan.BufferPlan buffer = plan.buffers().get(j);
        size += isLeftOut(plan, buffer) ? 0 : BufferList.aligned(buffer.sizeBytes(rows));
      }
    }
    return size;
  }

  private static boolean isLeftOut(FieldPlan plan, FieldPlan.BufferPlan buffer) {
    return buffer.kind() == BufferType.VALIDITY && !plan.field().isNullable();
  }

  private static ArrowBuf view(
      ForeignMemory memory, FieldPlan.BufferPlan buffer, long address, long size) {
    if (buffer.kind() == BufferType.VALIDITY) {
      MemoryUtil.setMemory(address, size, ALL_VALID);
    }
    return memory.view(address, size);
  }
}
