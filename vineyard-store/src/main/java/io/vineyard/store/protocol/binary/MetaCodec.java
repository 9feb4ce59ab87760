package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import java.util.Map;

/**
 * A tree of metadata.
 *
 * <pre>
 * tree    text type name, u8 (1 has id, 2 persistent), i64 id, i64 size in bytes,
 *         u32 fields, each: text key, value; u32 members, each: text key, tree
 * value   u8 kind: 0 text, 1 i64, 2 f64, 3 u8 truth; then the value
 * </pre>
 */
final class MetaCodec {
  private static final int MOST_DEPTH = 64;
  private static final int LEAST_FIELD_BYTES = 6;
  private static final int LEAST_TREE_BYTES = 33;
  private static final int HAS_ID = 1;
  private static final int PERSISTENT = 2;
  private static final int TEXT = 0;
  private static final int INTEGER = 1;
  private static final int FLOATING = 2;
  private static final int TRUTH = 3;

  private MetaCodec() {}

  static void write(ObjectMeta meta, ByteBuf out) {
    write(meta, out, 0);
  }

  private static void write(ObjectMeta meta, ByteBuf out, int depth) {
    checkDepth(depth, ErrorCode.META_TREE_INVALID);
    Primitives.writeText(meta.typeName(), out);
    ObjectId id = meta.id();
    out.writeByte((id == null ? 0 : HAS_ID) | (meta.isPersistent() ? PERSISTENT : 0));
    out.writeLongLE(id == null ? 0 : id.value());
    out.writeLongLE(meta.sizeBytes());
    out.writeIntLE(meta.fields().size());
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      Primitives.writeText(field.getKey(), out);
      writeValue(field.getValue(), out);
    }
    out.writeIntLE(meta.members().size());
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      Primitives.writeText(member.getKey(), out);
      write(member.getValue(), out, depth + 1);
    }
  }

  private static void writeValue(Object value, ByteBuf out) {
    if (value instanceof String text) {
      out.writeByte(TEXT);
      Primitives.writeText(text, out);
    } else if (value instanceof Long number) {
      out.writeByte(INTEGER).writeLongLE(number);
    } else if (value instanceof Double number) {
      out.writeByte(FLOATING).writeDoubleLE(number);
    } else {
      out.writeByte(TRUTH).writeByte(Boolean.TRUE.equals(value) ? 1 : 0);
    }
  }

  static ObjectMeta read(ByteBuf in) {
    return read(in, 0);
  }

  private static ObjectMeta read(ByteBuf in, int depth) {
    checkDepth(depth, ErrorCode.PROTOCOL_ERROR);
    ObjectMeta.Builder meta = ObjectMeta.builder(Primitives.readText(in));
    int flags = in.readUnsignedByte();
    long id = in.readLongLE();
    if ((flags & ~(HAS_ID | PERSISTENT)) != 0 || ((flags & HAS_ID) == 0 && id != 0)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected flags of 0 to 3 and an id only with flag 1, got " + flags + " and " + id);
    }
    if ((flags & HAS_ID) != 0) {
      meta.id(new ObjectId(id));
    }
    meta.persistent((flags & PERSISTENT) != 0).sizeBytes(in.readLongLE());
    int fields = Primitives.readCount(in, LEAST_FIELD_BYTES);
    for (int i = 0; i < fields; i++) {
      readField(Primitives.readText(in), in, meta);
    }
    int members = Primitives.readCount(in, LEAST_TREE_BYTES);
    for (int i = 0; i < members; i++) {
      String key = Primitives.readText(in);
      meta.member(key, read(in, depth + 1));
    }
    return meta.build();
  }

  private static void checkDepth(int depth, ErrorCode code) {
    if (depth > MOST_DEPTH) {
      throw VineyardException.of(
          code, "expected metadata at most " + MOST_DEPTH + " deep, got deeper");
    }
  }

  private static void readField(String key, ByteBuf in, ObjectMeta.Builder meta) {
    int kind = in.readUnsignedByte();
    switch (kind) {
      case TEXT -> meta.field(key, Primitives.readText(in));
      case INTEGER -> meta.field(key, in.readLongLE());
      case FLOATING -> meta.field(key, in.readDoubleLE());
      case TRUTH -> meta.field(key, Primitives.readTruth(in));
      default ->
          throw VineyardException.of(
              ErrorCode.PROTOCOL_ERROR, "expected a kind of field of 0 to 3, got " + kind);
    }
  }
}
