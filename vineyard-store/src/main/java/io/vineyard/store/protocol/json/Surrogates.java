package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import java.util.Map;

/**
 * Halves of characters, which Java and escapes of JSON can hold but UTF-8 can't: what has one could
 * be read once, and then be written to nobody.
 */
final class Surrogates {
  private static final char REPLACEMENT = '\uFFFD';
  private static final byte ESCAPE = '\\';

  private Surrogates() {}

  /** Returns whether there may be some, after a quick look at text that is UTF-8. */
  static boolean mayBeIn(ByteBuf json) {
    int end = json.writerIndex();
    int at = json.indexOf(json.readerIndex(), end, ESCAPE);
    while (at >= 0) {
      if (at + 2 < end && json.getByte(at + 1) == 'u' && (json.getByte(at + 2) | 0x20) == 'd') {
        return true;
      }
      at = json.indexOf(at + 1, end, ESCAPE);
    }
    return false;
  }

  /** Returns whether there is half a character in any text. */
  static boolean isAloneIn(JsonNode tree) {
    if (tree.isTextual()) {
      return isAloneIn(tree.textValue());
    }
    for (Map.Entry<String, JsonNode> field : tree.properties()) {
      if (isAloneIn(field.getKey())) {
        return true;
      }
    }
    for (JsonNode child : tree) {
      if (child.isValueNode() ? isAloneIn(child.asText()) : isAloneIn(child)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAloneIn(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (isAlone(text, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAlone(String text, int at) {
    char one = text.charAt(at);
    if (Character.isHighSurrogate(one)) {
      return at + 1 == text.length() || !Character.isLowSurrogate(text.charAt(at + 1));
    }
    return Character.isLowSurrogate(one)
        && (at == 0 || !Character.isHighSurrogate(text.charAt(at - 1)));
  }

  /** Returns a text that can be written: halves become the character that stands for none. */
  static String replaced(String text) {
    if (!isAloneIn(text)) {
      return text;
    }
    StringBuilder whole = new StringBuilder(text);
    for (int i = 0; i < text.length(); i++) {
      if (isAlone(text, i)) {
        whole.setCharAt(i, REPLACEMENT);
      }
    }
    return whole.toString();
  }
}
