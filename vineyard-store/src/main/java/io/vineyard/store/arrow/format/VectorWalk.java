package io.vineyard.store.arrow.format;

import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
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
    for (FieldVector vector : vectors) {
      visit(vector, visitor);
    }
  }

  /** Goes through one vector. */
  public static void visit(FieldVector vector, Visitor visitor) {
    visitor.vector(vector);
    // also brings the offsets of trailing values and the writer indices up to date
    for (ArrowBuf buffer : vector.getFieldBuffers()) {
      visitor.buffer(buffer);
    }
    if (vector instanceof BaseVariableWidthViewVector view) {
      visitor.variadic(view.getDataBuffers().size());
    }
    visit(vector.getChildrenFromFields(), visitor);
  }
}
