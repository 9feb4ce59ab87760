package io.vineyard.store.arrow.format;

import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;

/** Goes through vectors and their children in the order in which messages list them. */
public final class VectorWalk {
  private VectorWalk() {}

  /** What is met on the way. */
  public interface Visitor {
    /** Tells of a vector, before its buffers. */
    void vector(FieldVector vector);

    /** Tells of a buffer, whose bytes are those up to its writer index. */
    void buffer(ArrowBuf buffer);

    /** Tells how many data buffers a view vector had; after its buffers. */
    void variadic(int dataBuffers);
  }

  /** Goes through vectors. */
  public static void visit(List<FieldVector> vectors, Visitor visitor) {
    for (int i = 0; i < vectors.size(); i++) {
      visit(vectors.get(i), visitor);
    }
  }

  /** Goes through one vector. */
  public static void visit(FieldVector vector, Visitor visitor) {
    visitor.vector(vector);
    if (vector instanceof BaseFixedWidthVector fixed) {
      visitBuffers(fixed, visitor);
      return;
    }
    // also brings the offsets of trailing values and the writer indices up to date
    for (ArrowBuf buffer : vector.getFieldBuffers()) {
      visitor.buffer(buffer);
    }
    if (vector instanceof BaseVariableWidthViewVector view) {
      visitor.variadic(view.getDataBuffers().size());
    }
    visit(vector.getChildrenFromFields(), visitor);
  }

  /** The same as for others, without a list of them. */
  private static void visitBuffers(BaseFixedWidthVector vector, Visitor visitor) {
    int count = vector.getValueCount();
    long bits = (count + Byte.SIZE - 1L) / Byte.SIZE;
    int width = vector.getTypeWidth();
    ArrowBuf validity = vector.getValidityBuffer();
    ArrowBuf values = vector.getDataBuffer();
    visitor.buffer(validity.readerIndex(0).writerIndex(bits));
    visitor.buffer(values.readerIndex(0).writerIndex(width == 0 ? bits : (long) count * width));
  }
}
