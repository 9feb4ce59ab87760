package io.vineyard.store.arrow.vineyard;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vineyard.store.arrow.format.Malformed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Vineyard keeps as JSON text in fields. */
final class JsonTexts {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonFactory FACTORY = MAPPER.getFactory();
  private static final int MOST_DIGITS = 4;

  private JsonTexts() {}

  /** Reads an array of sizes, {@code [2, 3]}. */
  static List<Integer> sizes(String text, String what) {
    List<Integer> sizes = new ArrayList<>();
    for (JsonNode element : array(text, what)) {
      if (!element.isIntegralNumber() || !element.canConvertToInt() || element.intValue() < 0) {
        throw Malformed.of(what + " as sizes", text);
      }
      sizes.add(element.intValue());
    }
    return sizes;
  }

  /** Reads an array of labels, each as {@link #label} does, null for those that are none. */
  static List<@Nullable String> labels(String text, String what) {
    List<@Nullable String> labels = new ArrayList<>();
    for (JsonNode element : array(text, what)) {
      labels.add(label(element));
    }
    return labels;
  }

  /** Reads a label: texts as they are, null as null, all others as their JSON. */
  static @Nullable String label(String text, String what) {
    return label(parse(text, what));
  }

  private static @Nullable String label(JsonNode node) {
    if (node.isNull()) {
      return null;
    }
    return node.isTextual() ? node.textValue() : node.toString();
  }

  private static JsonNode array(String text, String what) {
    JsonNode parsed = parse(text, what);
    if (!parsed.isArray()) {
      throw Malformed.of(what + " as an array", shortened(text));
    }
    return parsed;
  }

  private static JsonNode parse(String text, String what) {
    try {
      JsonNode parsed = MAPPER.readTree(text);
      if (parsed == null || parsed.isMissingNode()) {
        throw Malformed.of(what + " as JSON", "an empty text");
      }
      return parsed;
    } catch (JsonProcessingException broken) {
      throw Malformed.of(what + " as JSON", shortened(text));
    }
  }

  /** Reads {@code {"bytes":[0,255]}}. */
  static ByteBuffer bytes(String text, String what) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw Malformed.of(what + " as bytes", shortened(text));
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = "bytes".equals(parser.currentName());
        JsonToken value = parser.nextToken();
        if (found && value == JsonToken.START_ARRAY) {
          return ByteBuffer.wrap(bytes(parser, what));
        }
        parser.skipChildren();
      }
      throw Malformed.of(what + " with bytes", shortened(text));
    } catch (IOException broken) {
      throw Malformed.of(what + " as JSON", shortened(text));
    }
  }

  private static byte[] bytes(JsonParser parser, String what) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (parser.nextToken() == JsonToken.VALUE_NUMBER_INT) {
      int value = parser.getIntValue();
      if (value < 0 || value > 0xFF) {
        throw Malformed.of("bytes in " + what, "" + value);
      }
      bytes.write(value);
    }
    if (parser.currentToken() != JsonToken.END_ARRAY) {
      throw Malformed.of("bytes in " + what, "" + parser.currentToken());
    }
    return bytes.toByteArray();
  }

  /** Writes {@code {"bytes":[0,255]}}. */
  static String ofBytes(ByteBuffer bytes) {
    StringBuilder text = new StringBuilder(bytes.remaining() * MOST_DIGITS + 16);
    text.append("{\"bytes\":[");
    for (int i = bytes.position(); i < bytes.limit(); i++) {
      text.append(i == bytes.position() ? "" : ",").append(bytes.get(i) & 0xFF);
    }
    return text.append("]}").toString();
  }

  private static String shortened(String text) {
    int most = 100;
    return text.length() <= most ? text : text.substring(0, most) + "...";
  }
}
