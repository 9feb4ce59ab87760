package io.vineyard.store.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;

/** Messages of Vineyard's dialect as JSON, made without the code that is tested. */
final class Messages {
  static final ObjectMapper JSON = new ObjectMapper();

  /** The blob that has no bytes. */
  static final long EMPTY = 1L << 63;

  private Messages() {}

  /** Makes a message of a type, with keys and values by turns; a long is unsigned. */
  static ObjectNode message(String type, Object... fields) {
    return object(fields).put("type", type);
  }

  /** Makes an object of keys and values by turns; a long is unsigned. */
  static ObjectNode object(Object... fields) {
    ObjectNode made = JSON.createObjectNode();
    for (int i = 0; i < fields.length; i += 2) {
      made.set((String) fields[i], node(fields[i + 1]));
    }
    return made;
  }

  private static JsonNode node(Object value) {
    if (value instanceof Long bits) {
      return JSON.getNodeFactory().numberNode(new BigInteger(Long.toUnsignedString(bits)));
    }
    if (value instanceof long[] all) {
      ArrayNode array = JSON.createArrayNode();
      for (long one : all) {
        array.add(node(one));
      }
      return array;
    }
    return value instanceof JsonNode node ? node : JSON.valueToTree(value);
  }

  static long[] ids(long... ids) {
    return ids;
  }

  static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError("expected JSON, got " + text, e);
    }
  }

  /** Returns a message with its length before it. */
  static ByteBuf frame(JsonNode message) {
    return frame(message.toString());
  }

  /** Returns a body with its length before it. */
  static ByteBuf frame(String body) {
    return frame(body.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns a body with its length before it. */
  static ByteBuf frame(byte[] body) {
    return Unpooled.buffer(Long.BYTES + body.length).writeLongLE(body.length).writeBytes(body);
  }

  /** Returns an id as metadata has it. */
  static String text(long id) {
    return "o" + String.format("%016x", id);
  }

  /** Returns 64 bits, however they are written. */
  static long bits(JsonNode number) {
    return number.bigIntegerValue().longValue();
  }

  /** Makes metadata of an object, with keys and values by turns. */
  static ObjectNode meta(String typeName, Object... fields) {
    return object(fields)
        .put("typename", typeName)
        .put("instance_id", 0)
        .put("transient", true)
        .put("nbytes", 0);
  }

  /** Makes metadata of a blob as a member. */
  static ObjectNode blob(long id, long sizeBytes) {
    return object("id", text(id), "typename", "vineyard::Blob", "length", sizeBytes)
        .put("instance_id", 0)
        .put("transient", true)
        .put("nbytes", sizeBytes);
  }

  /** Makes what stands for a member that exists. */
  static ObjectNode reference(long id) {
    return object("id", text(id));
  }

  /** Returns the type that the reply to a request has. */
  static String replyType(String request) {
    return switch (request) {
      case "cluster_meta" -> "cluster_meta";
      case "list_data_request" -> "get_data_reply";
      default -> request.replace("_request", "_reply");
    };
  }
}
