package io.vineyard.store.arrow.format;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.ReferenceManager;
import org.apache.arrow.vector.BufferLayout.BufferType;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * Makes vectors over the buffers that a message lists, in place.
 *
 * <p>Checks that every buffer is as large as its field's rows need; that what offsets in them point
 * at is there as well is up to {@link ValueCheck}.
 */
public final class BatchLoader {
  private static final int FEW_BUFFERS = 4;
  private static final ArrowFieldNode NO_VALUES = new ArrowFieldNode(0, 0);
  private static final ArrowBuf EMPTY = new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0);

  private final RecordBatch batch;
  private final Body body;
  private final boolean unionsHaveValidity;
  private final AllValid allValid;
  private final FieldNode node = new FieldNode();
  private final Buffer buffer = new Buffer();
  private final List<ArrowBuf> loaded = new ArrayList<>(FEW_BUFFERS);
  private ArrowFieldNode lastNode = NO_VALUES;
  private int nextNode;
  private int nextBuffer;
  private int nextVariadic;

  /** Where the bytes of a message are. */
  public interface Body {
    /** Returns bytes, uncompressed; never asked for none. */
    ArrowBuf buffer(long offset, long sizeBytes);

    /** Takes a buffer back, after a vector has taken a reference of its own. */
    void done(ArrowBuf buffer);
  }

  /**
   * Begins.
   *
   * @param unionsHaveValidity whether unions have a validity buffer, as they had before version 5
   *     of the metadata
   * @param allValid validity that messages leave out
   */
  BatchLoader(RecordBatch batch, Body body, boolean unionsHaveValidity, AllValid allValid) {
    this.batch = batch;
    this.body = body;
    this.unionsHaveValidity = unionsHaveValidity;
    this.allValid = allValid;
  }

  /** Makes the vectors of all columns; if it throws, it leaves nothing behind. */
  public List<FieldVector> load(List<FieldPlan> plans) {
    List<FieldVector> vectors = new ArrayList<>(plans.size());
    try {
      for (int i = 0; i < plans.size(); i++) {
        FieldPlan plan = plans.get(i);
        FieldVector vector = plan.field().createVector(Allocators.VIEWS);
        vectors.add(vector);
        load(plan, vector, batch.length());
      }
      if (nextNode != batch.nodesLength() || nextBuffer != batch.buffersLength()) {
        throw Malformed.of(
            nextNode + " nodes and " + nextBuffer + " buffers for the schema",
            batch.nodesLength() + " and " + batch.buffersLength());
      }
      return vectors;
    } catch (RuntimeException | StackOverflowError broken) {
      vectors.forEach(FieldVector::close);
      throw broken;
    }
  }

  private void load(FieldPlan plan, FieldVector vector, long fewestValues) {
    if (nextNode >= batch.nodesLength()) {
      throw Malformed.of("a node for " + plan.field(), "only " + nextNode);
    }
    FieldNode described = batch.nodes(node, nextNode++);
    long values = described.length();
    long nulls = described.nullCount();
    if (values < fewestValues || values > Integer.MAX_VALUE || nulls > values) {
      throw Malformed.of(
          fewestValues + " values or more for " + plan.field(),
          values + " with " + nulls + " nulls");
    }
    List<ArrowBuf> buffers = loaded;
    try {
      vector.loadFieldBuffers(takeBuffers(plan, values, nulls, buffers), buffers);
    } finally {
      for (int i = 0; i < buffers.size(); i++) {
        done(buffers.get(i));
      }
      buffers.clear();
    }
    loadChildren(plan, vector, values);
  }

  private ArrowFieldNode takeBuffers(
      FieldPlan plan, long values, long nulls, List<ArrowBuf> buffers) {
    if (unionsHaveValidity && plan.storage() instanceof ArrowType.Union) {
      nextBuffer++;
    }
    long known = nulls;
    for (int i = 0; i < plan.buffers().size(); i++) {
      FieldPlan.BufferPlan expected = plan.buffers().get(i);
      ArrowBuf taken = take(plan);
      buffers.add(taken);
      if (expected.kind() == BufferType.VALIDITY && taken.capacity() == 0) {
        // left out: all values are there, or (which only some writers do) none
        known = Math.max(0, nulls);
        if (known != 0 && known != values) {
          throw Malformed.of("validity for " + known + " nulls of " + plan.field(), "no bytes");
        } else if (known == 0 && values > 0) {
          buffers.set(buffers.size() - 1, allValid.bytes(expected.sizeBytes(values)));
        }
      } else if (taken.capacity() < expected.sizeBytes(values)) {
        throw Malformed.of(
            expected.sizeBytes(values) + " bytes of " + expected.kind() + " for " + plan.field(),
            taken.capacity() + " bytes for " + values + " values");
      }
    }
    if (plan.isView()) {
      long dataBuffers = batch.variadicBufferCounts(nextVariadic);
      if (nextVariadic++ >= batch.variadicBufferCountsLength()
          || dataBuffers < 0
          || dataBuffers > batch.buffersLength() - nextBuffer) {
        throw Malformed.of("a number of data buffers for " + plan.field(), "" + dataBuffers);
      }
      for (long j = 0; j < dataBuffers; j++) {
        buffers.add(take(plan));
      }
    }
    if (lastNode.getLength() != values || lastNode.getNullCount() != known) {
      lastNode = new ArrowFieldNode(values, known);
    }
    return lastNode;
  }

  private ArrowBuf take(FieldPlan plan) {
    if (nextBuffer >= batch.buffersLength()) {
      throw Malformed.of("a buffer for " + plan.field(), "only " + nextBuffer);
    }
    Buffer described = batch.buffers(buffer, nextBuffer++);
    if (described.length() < 0 || described.offset() < 0) {
      throw Malformed.of(
          "a buffer for " + plan.field(), described.length() + " bytes at " + described.offset());
    }
    return described.length() == 0 ? EMPTY : body.buffer(described.offset(), described.length());
  }

  private void done(ArrowBuf taken) {
    if (taken.getReferenceManager() != allValid) {
      body.done(taken);
    }
  }

  private void loadChildren(FieldPlan plan, FieldVector vector, long values) {
    if (plan.children().isEmpty()) {
      return;
    }
    long fewest = 0;
    if (plan.storage() instanceof ArrowType.Struct || SparseUnions.isOne(plan.field())) {
      fewest = values;
    } else if (plan.storage() instanceof ArrowType.FixedSizeList list) {
      fewest = values * list.getListSize();
    }
    List<FieldVector> children = vector.getChildrenFromFields();
    if (children.size() != plan.children().size()) {
      throw Malformed.of(
          plan.children().size() + " children of " + plan.field(), "" + children.size());
    }
    for (int i = 0; i < children.size(); i++) {
      load(plan.children().get(i), children.get(i), fewest);
    }
    if (SparseUnions.isOne(plan.field())) {
      SparseUnions.prepare(vector, plan.field());
    }
  }
}
