package io.vineyard.store.arrow.format;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.pojo.Field;

/** What Arrow has no single call for. */
public final class Vectors {
  private static final int VIEW_BYTES = 16;

  private Vectors() {}

  /** Makes something of a vector and its field. */
  private interface Making {
    FieldVector make(FieldVector vector, Field field);
  }

  /**
   * Makes vectors of vectors, and closes those that were made if one fails. Takes the fields of the
   * schema, as unions don't remember the type ids of theirs.
   */
  private static List<FieldVector> make(
      List<FieldVector> vectors, List<Field> fields, Making making) {
    List<FieldVector> made = new ArrayList<>(vectors.size());
    try {
      for (int i = 0; i < vectors.size(); i++) {
        FieldVector vector = making.make(vectors.get(i), fields.get(i));
        made.add(vector);
        SparseUnions.prepare(vector, fields.get(i));
      }
      return made;
    } catch (RuntimeException broken) {
      made.forEach(FieldVector::close);
      throw broken;
    }
  }

  /** Makes a second vector over the same memory, which stays until both are closed. */
  public static FieldVector share(FieldVector vector) {
    return share(vector, vector.getField());
  }

  /** Makes a second vector over the same memory, for a field of the same type. */
  public static FieldVector share(FieldVector vector, Field field) {
    FieldVector shared = field.createVector(vector.getAllocator());
    try {
      shareBuffers(vector, shared);
      SparseUnions.prepare(shared, field);
      return shared;
    } catch (RuntimeException broken) {
      shared.close();
      throw broken;
    }
  }

  private static void shareBuffers(FieldVector from, FieldVector to) {
    List<ArrowBuf> buffers = from.getFieldBuffers();
    to.loadFieldBuffers(new ArrowFieldNode(from.getValueCount(), from.getNullCount()), buffers);
    List<FieldVector> parents = from.getChildrenFromFields();
    List<FieldVector> children = to.getChildrenFromFields();
    for (int i = 0; i < parents.size(); i++) {
      shareBuffers(parents.get(i), children.get(i));
    }
  }

  /** Makes copies of vectors, in one piece of other memory. */
  public static List<FieldVector> copy(
      List<FieldVector> vectors, List<Field> fields, BufferAllocator allocator) {
    long sizeBytes = new BufferList(false).gather(vectors).alignedBytes();
    try (ArrowBuf block = allocator.buffer(sizeBytes)) {
      long[] next = {0};
      return make(
          vectors,
          fields,
          (vector, field) -> copy(vector, field.createVector(allocator), block, next));
    }
  }

  private static FieldVector copy(
      FieldVector vector, FieldVector copy, ArrowBuf block, long[] next) {
    try {
      copyBuffers(vector, copy, block, next);
      return copy;
    } catch (RuntimeException broken) {
      copy.close();
      throw broken;
    }
  }

  private static void copyBuffers(FieldVector from, FieldVector to, ArrowBuf block, long[] next) {
    List<ArrowBuf> buffers = from.getFieldBuffers();
    List<ArrowBuf> copies = new ArrayList<>(buffers.size());
    for (ArrowBuf buffer : buffers) {
      if (buffer.getReferenceManager() instanceof AllValid) {
        copies.add(buffer);
        continue;
      }
      long size = sizeBytes(buffer);
      ArrowBuf copy = block.slice(next[0], size);
      copy.setBytes(0, buffer, 0, size);
      copy.writerIndex(size);
      copies.add(copy);
      next[0] += BufferList.aligned(size);
    }
    to.loadFieldBuffers(new ArrowFieldNode(from.getValueCount(), from.getNullCount()), copies);
    List<FieldVector> parents = from.getChildrenFromFields();
    List<FieldVector> children = to.getChildrenFromFields();
    for (int i = 0; i < parents.size(); i++) {
      copyBuffers(parents.get(i), children.get(i), block, next);
    }
  }

  /** Makes vectors of a part of other ones, over the same memory as far as Arrow can. */
  public static List<FieldVector> slice(
      List<FieldVector> vectors, List<Field> fields, int offset, int values) {
    return make(
        vectors,
        fields,
        (vector, field) ->
            slice(vector, field.createVector(vector.getAllocator()), offset, values));
  }

  private static FieldVector slice(FieldVector vector, FieldVector part, int offset, int values) {
    try {
      vector.makeTransferPair(part).splitAndTransfer(offset, values);
      clearPadding(part);
      return part;
    } catch (RuntimeException broken) {
      part.close();
      throw broken;
    }
  }

  /** Arrow copies short views when it slices them, but not the zeros that must follow them. */
  private static void clearPadding(FieldVector part) {
    if (part instanceof BaseVariableWidthViewVector view
        && !(view.getDataBuffer().getReferenceManager() instanceof ForeignMemory)) {
      ArrowBuf views = view.getDataBuffer();
      for (long at = 0; at < (long) VIEW_BYTES * view.getValueCount(); at += VIEW_BYTES) {
        int used = Integer.BYTES + views.getInt(at);
        if (used < VIEW_BYTES) {
          views.setZero(at + used, VIEW_BYTES - used);
        }
      }
    }
    part.getChildrenFromFields().forEach(Vectors::clearPadding);
  }

  /** Returns how many bytes the values of these vectors take, with those of their children. */
  public static long sizeBytes(List<FieldVector> vectors) {
    long sum = 0;
    for (FieldVector vector : vectors) {
      for (ArrowBuf buffer : vector.getFieldBuffers()) {
        sum += sizeBytes(buffer);
      }
      sum += sizeBytes(vector.getChildrenFromFields());
    }
    return sum;
  }

  /**
   * Returns how many bytes of a vector's buffer are used. Vectors without values may claim the
   * bytes of an offset that they have not got.
   */
  static long sizeBytes(ArrowBuf buffer) {
    return Math.min(buffer.writerIndex(), buffer.capacity());
  }
}
