package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Malformed;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A tree of metadata as bytes, little-endian.
 *
 * <pre>
 * tree    text type name, u8 (1 has id), i64 id, i64 size in bytes,
 *         u32 fields, each: text key, value; u32 members, each: text key, tree
 * value   u8 kind: 0 text, 1 i64, 2 f64, 3 u8 truth; then the value
 * text    u32 bytes, UTF-8
 * </pre>
 */
final class TreeCodec {
  private static final int MOST_DEPTH = 64;
  private static final int TEXT = 0;
  private static final int INTEGER = 1;
  private static final int FLOATING = 2;
  private static final int TRUTH = 3;

  private TreeCodec() {}

  /** Encodes a tree behind other bytes. */
  static ByteBuffer encode(ObjectMeta tree, byte[] before) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(before);
      write(tree, out, 0);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  private static void write(ObjectMeta meta, DataOutputStream out, int depth) throws IOException {
    if (depth > MOST_DEPTH) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID,
          "expected metadata at most " + MOST_DEPTH + " deep, got deeper");
    }
    ObjectId id = meta.id();
    write(meta.typeName(), out);
    out.writeByte(id == null ? 0 : 1);
    out.writeLong(Long.reverseBytes(id == null ? 0 : id.value()));
    out.writeLong(Long.reverseBytes(meta.sizeBytes()));
    out.writeInt(Integer.reverseBytes(meta.fields().size()));
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      write(field.getKey(), out);
      writeValue(field.getValue(), out);
    }
    out.writeInt(Integer.reverseBytes(meta.members().size()));
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      write(member.getKey(), out);
      write(member.getValue(), out, depth + 1);
    }
  }

  private static void write(String text, DataOutputStream out) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(Integer.reverseBytes(bytes.length));
    out.write(bytes);
  }

  private static void writeValue(Object value, DataOutputStream out) throws IOException {
    if (value instanceof String text) {
      out.writeByte(TEXT);
      write(text, out);
    } else if (value instanceof Long number) {
      out.writeByte(INTEGER);
      out.writeLong(Long.reverseBytes(number));
    } else if (value instanceof Double number) {
      out.writeByte(FLOATING);
      out.writeLong(Long.reverseBytes(Double.doubleToRawLongBits(number)));
    } else {
      out.writeByte(TRUTH);
      out.writeByte(Boolean.TRUE.equals(value) ? 1 : 0);
    }
  }

  /** Decodes a tree; what nobody can make sense of gives any exception. */
  static ObjectMeta decode(ByteBuffer in) {
    return Malformed.guard("tree of metadata", () -> read(in, 0));
  }

  private static ObjectMeta read(ByteBuffer in, int depth) {
    if (depth > MOST_DEPTH) {
      throw Malformed.of("metadata at most " + MOST_DEPTH + " deep", "deeper");
    }
    ObjectMeta.Builder meta = ObjectMeta.builder(text(in));
    boolean hasId = in.get() != 0;
    ObjectId id = new ObjectId(in.getLong());
    if (hasId) {
      meta.id(id);
    }
    meta.sizeBytes(in.getLong());
    // each takes bytes, so that a wrong number ends where the bytes do
    for (int left = in.getInt(); left > 0; left--) {
      readField(text(in), in, meta);
    }
    for (int left = in.getInt(); left > 0; left--) {
      meta.member(text(in), read(in, depth + 1));
    }
    return meta.build();
  }

  private static void readField(String key, ByteBuffer in, ObjectMeta.Builder meta) {
    int kind = in.get();
    switch (kind) {
      case TEXT -> meta.field(key, text(in));
      case INTEGER -> meta.field(key, in.getLong());
      case FLOATING -> meta.field(key, in.getDouble());
      case TRUTH -> meta.field(key, in.get() != 0);
      default -> throw Malformed.of("a kind of field from 0 to 3", "" + kind);
    }
  }

  private static String text(ByteBuffer in) {
    int size = in.getInt();
    if (size < 0 || size > in.remaining()) {
      throw Malformed.of("a text within " + in.remaining() + " bytes", size + " bytes");
    }
    byte[] bytes = new byte[size];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
