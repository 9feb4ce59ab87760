package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import java.util.Map;

/**
 * Halves of characters, which Java and JSON can hold but UTF-8 can't: what has one could be read
 * once, and then be written to nobody.
 */
final class Surrogates {
  private static final int FIRST_BYTE = 0xED; // of a surrogate, if it is in UTF-8 nevertheless
  private static final int SECOND_BYTE = 0xA0;
  private static final char REPLACEMENT = '\uFFFD';

  private Surrogates() {}

  /** Returns whether there may be some, after a quick look. */
  static boolean mayBeIn(ByteBuf json) {
    int[] before = new int[2];
    return json.forEachByte(
            next -> {
              int unsigned = next & 0xFF;
              boolean isEscaped = before[0] == '\\' && before[1] == 'u' && (next | 0x20) == 'd';
              boolean isWritten = before[1] == FIRST_BYTE && unsigned >= SECOND_BYTE;
              before[0] = before[1];
              before[1] = unsigned;
              return !isEscaped && !isWritten;
            })
        >= 0;
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
