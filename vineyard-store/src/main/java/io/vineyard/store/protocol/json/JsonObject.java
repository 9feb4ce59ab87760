package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A JSON object that a peer has sent, and its fields as the types that they must have. Errors say
 * what was expected and what came, with {@link ErrorCode#INVALID}.
 */
record JsonObject(String what, JsonNode node) {
  private static final BigInteger TWO_TO_64 = BigInteger.ONE.shiftLeft(Long.SIZE);
  private static final BigInteger LOWEST = BigInteger.valueOf(Long.MIN_VALUE);

  /** Returns a field that must be there. */
  private JsonNode require(String key) {
    JsonNode value = node.get(key);
    if (value == null || value.isNull()) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a field \"" + key + "\" in " + what + ", got none");
    }
    return value;
  }

  boolean has(String key) {
    return node.hasNonNull(key);
  }

  private static VineyardException wrongType(String what, String expected, JsonNode value) {
    return VineyardException.of(
        ErrorCode.INVALID, "expected " + expected + " as " + what + ", got " + cut(value));
  }

  static String cut(JsonNode value) {
    return value.isContainerNode() ? "an " + value.getNodeType() : shorten(value.toString());
  }

  private static String shorten(String text) {
    final int most = 64;
    return text.length() <= most ? text : text.substring(0, most) + "...";
  }

  String text(String key) {
    JsonNode value = require(key);
    if (!value.isTextual()) {
      throw wrongType(path(key), "a string", value);
    }
    return value.textValue();
  }

  String text(String key, String absent) {
    return has(key) ? text(key) : absent;
  }

  private String path(String key) {
    return "\"" + key + "\" of " + what;
  }

  boolean truth(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = require(key);
    if (!value.isBoolean()) {
      throw wrongType(path(key), "true or false", value);
    }
    return value.booleanValue();
  }

  boolean truth(String key) {
    JsonNode unused = require(key);
    return truth(key, false);
  }

  /** Returns a number of 64 bits, signed or unsigned. */
  long bits(String key) {
    return bits(path(key), require(key));
  }

  private static long bits(String what, JsonNode value) {
    if (value.isIntegralNumber()) {
      if (value.canConvertToLong()) {
        return value.longValue();
      }
      BigInteger number = value.bigIntegerValue();
      if (number.compareTo(TWO_TO_64) < 0 && number.compareTo(LOWEST) >= 0) {
        return number.longValue();
      }
    }
    throw wrongType(what, "an integer of 64 bits", value);
  }

  /** Returns a number that is not negative; one above 2^63 counts as the highest. */
  long size(String key) {
    long bits = bits(key);
    if (bits < 0 && !require(key).bigIntegerValue().equals(BigInteger.valueOf(bits))) {
      return Long.MAX_VALUE;
    }
    return checkSize(path(key), bits);
  }

  private static long checkSize(String what, long bits) {
    if (bits < 0) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a number of at least 0 as " + what + ", got " + bits);
    }
    return bits;
  }

  long size(String key, long absent) {
    return has(key) ? size(key) : absent;
  }

  int number(String key, int absent) {
    return has(key) ? number(key) : absent;
  }

  int number(String key) {
    return number(path(key), require(key));
  }

  private static int number(String what, JsonNode value) {
    if (!value.canConvertToInt() || !value.isIntegralNumber()) {
      throw wrongType(what, "an integer of 32 bits", value);
    }
    return value.intValue();
  }

  ObjectId id(String key) {
    return new ObjectId(bits(key));
  }

  List<ObjectId> ids(String key) {
    return list(key, value -> new ObjectId(bits("an id in " + path(key), value)));
  }

  List<Long> allBits(String key) {
    return list(key, value -> bits("a number in " + path(key), value));
  }

  List<Long> sizes(String key) {
    return list(
        key, value -> checkSize("a size in " + path(key), bits("a size in " + path(key), value)));
  }

  List<String> texts(String key) {
    return list(
        key,
        value -> {
          if (!value.isTextual()) {
            throw wrongType("an entry of " + path(key), "a string", value);
          }
          return value.textValue();
        });
  }

  List<Integer> numbers(String key) {
    return list(key, value -> number("a number in " + path(key), value));
  }

  <T> List<T> list(String key, Function<JsonNode, T> element) {
    JsonNode value = require(key);
    if (!value.isArray()) {
      throw wrongType(path(key), "an array", value);
    }
    List<T> found = new ArrayList<>(value.size());
    for (JsonNode one : value) {
      found.add(element.apply(one));
    }
    return found;
  }

  JsonObject object(String key) {
    JsonNode value = require(key);
    if (!value.isObject()) {
      throw wrongType(path(key), "an object", value);
    }
    return new JsonObject(path(key), value);
  }
}
