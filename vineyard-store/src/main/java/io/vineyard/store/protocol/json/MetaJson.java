package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Metadata as Vineyard writes it: a JSON object in which every object is a member.
 *
 * <p>{@code id}, {@code typename} and {@code transient} are properties of {@link ObjectMeta}; what
 * else Vineyard keeps beside the fields of a type, {@code nbytes} for example, are fields like any
 * other. A field that is an array, null, a number that fits no type of a field, or text that begins
 * with {@link #RAW}, is kept as its JSON text behind that, and is written as it came.
 *
 * @param instance the instance that objects are on
 */
record MetaJson(long instance) {
  /** What begins a field that is JSON text. */
  static final String RAW = "\0json:";

  static final String INSTANCE = "instance_id";
  private static final String ID = "id";
  private static final String TYPE_NAME = "typename";
  private static final String TRANSIENT = "transient";
  static final String BYTES = "nbytes";
  static final String LENGTH = "length";
  static final String SIGNATURE = "signature";
  private static final String TIMESTAMP = "__timestamp";
  private static final int TIME_SHIFT = 22;
  private static final long TIMED = 1L << 62; // is set where an id begins with a time
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Reads a tree. */
  static ObjectMeta read(JsonNode tree) {
    return read("metadata", tree);
  }

  private static ObjectMeta read(String what, JsonNode tree) {
    if (!tree.isObject()) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected an object as " + what + ", got " + JsonObject.cut(tree));
    }
    JsonNode id = tree.get(ID);
    JsonNode typeName = tree.get(TYPE_NAME);
    if (typeName == null) {
      return reference(what, id);
    }
    if (!typeName.isTextual()) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID,
          "expected a string as \"typename\" of " + what + ", got " + JsonObject.cut(typeName));
    }
    ObjectMeta.Builder meta = ObjectMeta.builder(typeName.textValue());
    if (id != null) {
      meta.id(id(what, id));
    }
    for (Map.Entry<String, JsonNode> entry : tree.properties()) {
      add(meta, what, entry.getKey(), entry.getValue());
    }
    return meta.build();
  }

  /** Reads fields that are to be added to an object; members are not among them. */
  static ObjectMeta readFields(JsonNode fields) {
    ObjectMeta.Builder meta = ObjectMeta.builder("");
    for (Map.Entry<String, JsonNode> entry : fields.properties()) {
      if (entry.getValue().isObject()) {
        throw VineyardException.of(
            ErrorCode.ASSERTION_FAILED,
            "expected fields without members, got member \"" + entry.getKey() + "\"");
      }
      add(meta, "the extra fields", entry.getKey(), entry.getValue());
    }
    return meta.build();
  }

  private static ObjectMeta reference(String what, @Nullable JsonNode id) {
    if (id == null) {
      throw VineyardException.of(
          ErrorCode.META_TREE_INVALID, "expected a \"typename\" in " + what + ", got none");
    }
    return ObjectMeta.reference(id(what, id));
  }

  /** Reads an id; Vineyard does not look at the first letter. */
  private static ObjectId id(String what, JsonNode id) {
    String text = id.isTextual() ? id.textValue() : "";
    if (text.length() > 1) {
      try {
        return new ObjectId(Long.parseUnsignedLong(text, 1, text.length(), 16));
      } catch (NumberFormatException e) {
        // is told below
      }
    }
    throw VineyardException.of(
        ErrorCode.INVALID, "expected the id of " + what + ", got " + JsonObject.cut(id));
  }

  private static void add(ObjectMeta.Builder meta, String what, String key, JsonNode value) {
    if (key.equals(ID) || key.equals(TYPE_NAME)) {
      return;
    }
    if (key.equals(TRANSIENT) && value.isBoolean()) {
      meta.persistent(!value.booleanValue());
    } else if (value.isObject()) {
      if (!value.has(ID)) {
        throw VineyardException.of(
            ErrorCode.META_TREE_NAME_NOT_EXISTS,
            "expected an \"id\" in member \"" + key + "\" of " + what + ", got none");
      }
      meta.member(key, read("member \"" + key + "\" of " + what, value));
    } else if (value.isTextual()) {
      String text = value.textValue();
      meta.field(key, text.startsWith(RAW) ? RAW + value : text);
    } else if (value.isBoolean()) {
      meta.field(key, value.booleanValue());
    } else if (value.isIntegralNumber() && value.canConvertToLong()) {
      meta.field(key, value.longValue());
      if (key.equals(BYTES)) {
        meta.sizeBytes(value.longValue());
      }
    } else if (value.isFloatingPointNumber()) {
      meta.field(key, value.doubleValue());
    } else {
      meta.field(key, RAW + value);
    }
  }

  /** Writes a tree with everything that Vineyard's clients want to find in it. */
  void write(ObjectMeta meta, JsonGenerator out) throws IOException {
    out.writeStartObject();
    ObjectId id = meta.id();
    if (id != null) {
      out.writeStringField(ID, id.toString());
    }
    if (!meta.isReference()) {
      writeOwn(meta, out);
    }
    out.writeEndObject();
  }

  private void writeOwn(ObjectMeta meta, JsonGenerator out) throws IOException {
    out.writeStringField(TYPE_NAME, meta.typeName());
    boolean isBlob = meta.typeName().equals(ObjectMeta.BLOB);
    out.writeBooleanField(TRANSIENT, isBlob || !meta.isPersistent());
    Set<String> written = new HashSet<>(Set.of(ID, TYPE_NAME, TRANSIENT));
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      if (written.add(field.getKey())) {
        out.writeFieldName(field.getKey());
        writeValue(field.getValue(), out);
      }
    }
    for (Map.Entry<String, ObjectMeta> member : meta.members().entrySet()) {
      written.add(member.getKey());
      out.writeFieldName(member.getKey());
      write(member.getValue(), out);
    }
    writeUnless(written, INSTANCE, instance, out);
    writeUnless(written, BYTES, meta.sizeBytes(), out);
    if (isBlob) {
      writeUnless(written, LENGTH, meta.sizeBytes(), out);
    }
    ObjectId id = meta.id();
    if (id != null) {
      writeUnless(written, SIGNATURE, id.value() & Long.MAX_VALUE, out);
      if ((id.value() & TIMED) == TIMED && !id.isBlob()) {
        writeUnless(written, TIMESTAMP, id.value() >>> TIME_SHIFT, out);
      }
    }
  }

  /** Writes fields alone. */
  void writeFields(ObjectMeta meta, JsonGenerator out) throws IOException {
    out.writeStartObject();
    for (Map.Entry<String, Object> field : meta.fields().entrySet()) {
      out.writeFieldName(field.getKey());
      writeValue(field.getValue(), out);
    }
    out.writeEndObject();
  }

  private static void writeUnless(Set<String> written, String key, long value, JsonGenerator out)
      throws IOException {
    if (!written.contains(key)) {
      out.writeFieldName(key);
      writeUnsigned(value, out);
    }
  }

  private static void writeValue(Object value, JsonGenerator out) throws IOException {
    if (value instanceof String text) {
      writeText(text, out);
    } else if (value instanceof Long number) {
      out.writeNumber(number);
    } else if (value instanceof Boolean truth) {
      out.writeBoolean(truth);
    } else {
      out.writeNumber((Double) value);
    }
  }

  private static void writeText(String text, JsonGenerator out) throws IOException {
    if (text.startsWith(RAW) && isField(text.substring(RAW.length()))) {
      out.writeRawValue(text.substring(RAW.length()));
    } else {
      out.writeString(text);
    }
  }

  /** Writes 64 bits as an unsigned number. */
  static void writeUnsigned(long bits, JsonGenerator out) throws IOException {
    if (bits >= 0) {
      out.writeNumber(bits);
    } else {
      out.writeNumber(Long.toUnsignedString(bits));
    }
  }

  /** Whoever makes an object may have made this up; an object would be taken for a member. */
  private static boolean isField(String raw) {
    try {
      JsonNode value = JSON.readTree(raw);
      return !value.isMissingNode() && !value.isObject() && !Surrogates.isAloneIn(value);
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
