package io.vineyard.store.arrow.format;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.util.TransferPair;

/** What Arrow has no single call for. */
public final class Vectors {
  private Vectors() {}

  /** Makes vectors of vectors, and closes those that were made if one fails. */
  public static List<FieldVector> map(
      List<FieldVector> vectors, Function<FieldVector, FieldVector> make) {
    List<FieldVector> made = new ArrayList<>(vectors.size());
    try {
      for (FieldVector vector : vectors) {
        made.add(make.apply(vector));
      }
      return made;
    } catch (RuntimeException broken) {
      made.forEach(FieldVector::close);
      throw broken;
    }
  }

  /** Makes a second vector over the same memory, which stays until both are closed. */
  public static FieldVector share(FieldVector vector) {
    FieldVector shared = vector.getField().createVector(vector.getAllocator());
    try {
      shareBuffers(vector, shared);
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
  public static List<FieldVector> copy(List<FieldVector> vectors, BufferAllocator allocator) {
    long sizeBytes = new BufferList(false).gather(vectors).alignedBytes();
    try (ArrowBuf block = allocator.buffer(sizeBytes)) {
      long[] next = {0};
      return map(vectors, vector -> copy(vector, allocator, block, next));
    }
  }

  private static FieldVector copy(
      FieldVector vector, BufferAllocator allocator, ArrowBuf block, long[] next) {
    FieldVector copy = vector.getField().createVector(allocator);
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
      long size = buffer.writerIndex();
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

  /** Makes a vector of a part of another one, over the same memory as far as Arrow can. */
  public static FieldVector slice(FieldVector vector, int offset, int values) {
    TransferPair pair = vector.getTransferPair(vector.getField(), vector.getAllocator());
    FieldVector part = (FieldVector) pair.getTo();
    try {
      pair.splitAndTransfer(offset, values);
      return part;
    } catch (RuntimeException broken) {
      part.close();
      throw broken;
    }
  }

  /** Returns how many bytes the values of these vectors take, with those of their children. */
  public static long sizeBytes(List<FieldVector> vectors) {
    long sum = 0;
    for (FieldVector vector : vectors) {
      for (ArrowBuf buffer : vector.getFieldBuffers()) {
        sum += buffer.writerIndex();
      }
      sum += sizeBytes(vector.getChildrenFromFields());
    }
    return sum;
  }
}
