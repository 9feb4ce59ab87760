package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.Malformed;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.types.pojo.Field;

/** Goes through the nodes and buffers of a message that nobody has checked. Used by one thread. */
final class BatchCursor {
  private final RecordBatch batch;
  private final BytesAccess bytes;
  private int nextNode;
  private int nextBuffer;
  private int nextVariadic;

  BatchCursor(RecordBatch batch, BytesAccess bytes) {
    this.batch = batch;
    this.bytes = bytes;
  }

  /** A vector: how many values it has, and how many of them are null, negative if that is open. */
  record Node(int values, int nulls) {}

  /** A buffer, in the message's counting. */
  record Slot(long offset, long sizeBytes) {}

  Node node(Field field, long fewestValues) {
    if (nextNode >= batch.nodesLength()) {
      throw Malformed.of("a node for " + field, "only " + nextNode);
    }
    FieldNode node = batch.nodes(nextNode++);
    long values = node.length();
    long nulls = node.nullCount();
    if (values < fewestValues || values > Integer.MAX_VALUE || nulls > values) {
      throw Malformed.of(
          fewestValues + " values or more for " + field, values + " with " + nulls + " nulls");
    }
    return new Node((int) values, (int) Math.max(-1, nulls));
  }

  /** Returns a buffer of any size. */
  Slot slot(Field field) {
    if (nextBuffer >= batch.buffersLength()) {
      throw Malformed.of("a buffer for " + field, "only " + nextBuffer);
    }
    Buffer buffer = batch.buffers(nextBuffer++);
    if (buffer.length() < 0 || buffer.offset() < 0) {
      throw Malformed.of("a buffer for " + field, buffer.length() + " bytes at " + buffer.offset());
    }
    return new Slot(buffer.offset(), buffer.length());
  }

  /** Returns as much of a buffer as is used. */
  Slot slot(Field field, long usedBytes) {
    Slot slot = slot(field);
    if (slot.sizeBytes() < usedBytes) {
      throw Malformed.of(usedBytes + " bytes for " + field, slot.sizeBytes() + " bytes");
    }
    return new Slot(slot.offset(), usedBytes);
  }

  /** Returns how many data buffers a vector of views has. */
  long variadic(Field field) {
    long buffers =
        nextVariadic < batch.variadicBufferCountsLength()
            ? batch.variadicBufferCounts(nextVariadic++)
            : -1;
    if (buffers < 0 || buffers > batch.buffersLength() - nextBuffer) {
      throw Malformed.of("a number of data buffers for " + field, "" + buffers);
    }
    return buffers;
  }

  long address(Slot slot) {
    return slot.sizeBytes() == 0 ? 0 : bytes.address(slot.offset(), slot.sizeBytes());
  }

  void end() {
    if (nextNode != batch.nodesLength() || nextBuffer != batch.buffersLength()) {
      throw Malformed.of(
          nextNode + " nodes and " + nextBuffer + " buffers for the schema",
          batch.nodesLength() + " and " + batch.buffersLength());
    }
  }

  /** Returns how many of the first values are null; where validity is left out, all or none are. */
  int countNulls(Node node, Slot validity, int values) {
    if (validity.sizeBytes() == 0 || values == 0) {
      return Math.min(values, Math.max(0, node.nulls()));
    }
    int whole = values / Long.SIZE;
    long address = address(validity);
    int valid = 0;
    for (int i = 0; i < whole; i++) {
      valid += Long.bitCount(MemoryUtil.getLong(address + (long) i * Long.BYTES));
    }
    for (int i = whole * Long.SIZE; i < values; i++) {
      valid += MemoryUtil.getByte(address + i / Byte.SIZE) >> i % Byte.SIZE & 1;
    }
    return values - valid;
  }
}
