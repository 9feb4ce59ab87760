package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.BatchSchema;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.FieldPlan;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BufferLayout.BufferType;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * The messages of a chunk as one whole Arrow IPC stream: the schema, dictionaries, the batch, the
 * mark of the end. Needs no vectors; the bytes of the chunk must stay until it is written.
 */
public final class IpcStreamBytes {
  private static final int CONTINUATION = -1;
  private static final int PREFIX_BYTES = 2 * Integer.BYTES;

  private final BytesAccess access;
  private final MessageBuilder builder = new MessageBuilder();
  private final List<Piece> pieces = new ArrayList<>();
  private long sizeBytes;

  private IpcStreamBytes(BytesAccess access) {
    this.access = access;
  }

  /** A message as it is framed, and the buffers that follow, each padded. */
  private record Piece(ByteBuffer framed, List<BatchCursor.Slot> body) {}

  static IpcStreamBytes of(BatchSchema schema, List<ByteBuffer> messages, BytesAccess access) {
    return Malformed.guard(
        "chunk",
        () -> {
          IpcStreamBytes stream = new IpcStreamBytes(access);
          stream.add(schema.toMessage(), List.of());
          for (ByteBuffer bytes : messages) {
            stream.add(Message.getRootAsMessage(bytes), schema);
          }
          stream.add(ByteBuffer.allocate(0), List.of());
          return stream;
        });
  }

  /** Returns how many bytes the stream has. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** Writes the stream to an address. */
  public void writeTo(long address) {
    long at = address;
    for (Piece piece : pieces) {
      int size = piece.framed().remaining();
      Mapping.view(at, size).put(piece.framed().duplicate());
      at += size;
      for (BatchCursor.Slot slot : piece.body()) {
        at = write(slot, at);
      }
    }
  }

  private long write(BatchCursor.Slot slot, long at) {
    long used = slot.sizeBytes();
    long padded = BufferList.aligned(used);
    if (used > 0) {
      MemoryUtil.copyMemory(access.address(slot.offset(), used), at, used);
      MemoryUtil.setMemory(at + used, padded - used, (byte) 0);
    }
    return at + padded;
  }

  private void add(Message message, BatchSchema schema) {
    if (message.headerType() == MessageHeader.DictionaryBatch) {
      DictionaryBatch dictionary =
          Objects.requireNonNull((DictionaryBatch) message.header(new DictionaryBatch()));
      BatchSchema.DictionaryPlan plan = schema.dictionaries().get(dictionary.id());
      RecordBatch data = dictionary.data();
      if (plan == null || data == null) {
        throw Malformed.of(
            "a dictionary out of " + schema.dictionaries().keySet(), "" + dictionary.id());
      }
      List<BatchCursor.Slot> body = describe(data, List.of(plan.values()));
      add(
          builder.dictionaryBatch(
              dictionary.id(), data.length(), sizeOf(body), MessageBuilder.NOT_COMPRESSED),
          body);
    } else if (message.headerType() == MessageHeader.RecordBatch) {
      RecordBatch batch = Objects.requireNonNull((RecordBatch) message.header(new RecordBatch()));
      List<BatchCursor.Slot> body = describe(batch, schema.plans());
      add(builder.recordBatch(batch.length(), sizeOf(body), MessageBuilder.NOT_COMPRESSED), body);
    } else {
      throw Malformed.of("a batch", "header type " + message.headerType());
    }
  }

  private static long sizeOf(List<BatchCursor.Slot> body) {
    return body.stream().mapToLong(slot -> BufferList.aligned(slot.sizeBytes())).sum();
  }

  /** Frames metadata so that what follows is aligned; without any, it is the mark of the end. */
  private void add(ByteBuffer metadata, List<BatchCursor.Slot> body) {
    int size = metadata.remaining();
    long end = sizeBytes + PREFIX_BYTES + size;
    int padding = size == 0 ? 0 : (int) (BufferList.aligned(end) - end);
    ByteBuffer framed =
        ByteBuffer.allocate(PREFIX_BYTES + size + padding).order(ByteOrder.LITTLE_ENDIAN);
    framed.putInt(CONTINUATION).putInt(size + padding).put(metadata.duplicate()).clear();
    pieces.add(new Piece(framed, body));
    sizeBytes += framed.capacity() + sizeOf(body);
  }

  /** Tells the builder of a batch whose buffers lie one behind the other, and returns them. */
  private List<BatchCursor.Slot> describe(RecordBatch batch, List<FieldPlan> plans) {
    builder.begin();
    BatchCursor cursor = new BatchCursor(batch, access);
    List<BatchCursor.Slot> body = new ArrayList<>();
    for (FieldPlan plan : plans) {
      describe(plan, cursor, body);
    }
    cursor.end();
    long at = 0;
    for (BatchCursor.Slot slot : body) {
      builder.buffer(slot.sizeBytes() == 0 ? 0 : at, slot.sizeBytes());
      at += BufferList.aligned(slot.sizeBytes());
    }
    return body;
  }

  private void describe(FieldPlan plan, BatchCursor cursor, List<BatchCursor.Slot> body) {
    BatchCursor.Node node = cursor.node(plan.field(), 0);
    int nulls = plan.storage() instanceof ArrowType.Null ? node.values() : 0;
    for (FieldPlan.BufferPlan expected : plan.buffers()) {
      BatchCursor.Slot slot = cursor.slot(plan.field());
      cursor.address(slot); // throws if it is outside
      boolean isLeftOut = expected.kind() == BufferType.VALIDITY && slot.sizeBytes() == 0;
      if (!isLeftOut && slot.sizeBytes() < expected.sizeBytes(node.values())) {
        throw Malformed.of(
            expected.sizeBytes(node.values()) + " bytes for " + plan.field(),
            slot.sizeBytes() + " bytes");
      }
      if (expected.kind() == BufferType.VALIDITY) {
        nulls = node.nulls() >= 0 ? node.nulls() : cursor.countNulls(node, slot, node.values());
      }
      body.add(slot);
    }
    builder.node(node.values(), nulls);
    if (plan.isView()) {
      long buffers = cursor.variadic(plan.field());
      builder.variadic(buffers);
      for (long i = 0; i < buffers; i++) {
        BatchCursor.Slot slot = cursor.slot(plan.field());
        cursor.address(slot); // throws if it is outside
        body.add(slot);
      }
    }
    for (FieldPlan child : plan.children()) {
      describe(child, cursor, body);
    }
  }
}
