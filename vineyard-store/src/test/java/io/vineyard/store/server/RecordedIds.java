package io.vineyard.store.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which ids of this server stand for those of a recorded one, and what else of two messages a
 * client could tell apart.
 */
final class RecordedIds {
  private static final Pattern OBJECT_ID = Pattern.compile("o[0-9a-f]{16}");
  private static final BigInteger LEAST_ID = BigInteger.ONE.shiftLeft(52);
  private static final Set<Long> CONSTANTS = Set.of(Messages.EMPTY, -1L);

  /** What every server chooses itself. */
  private static final Set<String> OWN_CHOICE =
      Set.of(
          "__timestamp",
          "data_offset",
          "hostid",
          "hostname",
          "ipc_socket",
          "map_size",
          "memory_limit",
          "memory_usage",
          "message",
          "nodename",
          "pointer",
          "rpc_endpoint",
          "signature",
          "store_fd",
          "support_rpc_compression",
          "timestamp",
          "version",
          "vineyard_reactive");

  /** What the real server says 0 of, within an object. */
  private static final Set<String> SIZES = Set.of("length", "nbytes");

  private final Map<Long, Long> ours = new HashMap<>();

  private static boolean isId(JsonNode value) {
    return value.isTextual()
        ? OBJECT_ID.matcher(value.textValue()).matches()
        : value.isIntegralNumber() && value.bigIntegerValue().compareTo(LEAST_ID) >= 0;
  }

  private static long id(JsonNode value) {
    return value.isTextual()
        ? Long.parseUnsignedLong(value.textValue().substring(1), 16)
        : Messages.bits(value);
  }

  /** Returns a message of the recorded client, to this server. */
  JsonNode translated(JsonNode recorded) {
    if (recorded.isObject()) {
      ObjectNode made = Messages.JSON.createObjectNode();
      recorded.properties().forEach(one -> made.set(one.getKey(), translated(one.getValue())));
      return made;
    }
    if (recorded.isArray()) {
      ArrayNode made = Messages.JSON.createArrayNode();
      recorded.forEach(one -> made.add(translated(one)));
      return made;
    }
    if (!isId(recorded) || !ours.containsKey(id(recorded))) {
      return recorded;
    }
    long id = ours.get(id(recorded));
    return recorded.isTextual()
        ? Messages.JSON.getNodeFactory().textNode(Messages.text(id))
        : Messages.object("id", id).get("id");
  }

  /** Returns where a message of this server differs from the recorded one, and learns its ids. */
  List<String> differences(JsonNode recorded, JsonNode actual) {
    List<String> found = new ArrayList<>();
    learn(recorded, actual);
    compare("", false, recorded, actual, found);
    return found;
  }

  private void learn(JsonNode recorded, JsonNode actual) {
    for (String key : List.of("id", "ids", "signature", "target_id", "created", "buffer")) {
      learnAt(recorded.path(key), actual.path(key));
    }
  }

  private void learnAt(JsonNode recorded, JsonNode actual) {
    if (recorded.isObject()) {
      learnAt(recorded.path("object_id"), actual.path("object_id"));
    } else if (recorded.isArray()) {
      for (int i = 0; i < recorded.size(); i++) {
        learnAt(recorded.get(i), actual.path(i));
      }
    } else if (isId(recorded) && !CONSTANTS.contains(id(recorded)) && isId(actual)) {
      ours.putIfAbsent(id(recorded), id(actual));
    }
  }

  private void compare(
      String path, boolean isMember, JsonNode recorded, JsonNode actual, List<String> found) {
    if (recorded.isObject() && actual.isObject()) {
      compareObjects(path, isMember, recorded, actual, found);
    } else if (path.endsWith("/fds")) {
      compareValues(path, recorded.size(), actual.size(), found);
    } else if (path.endsWith("/fd")) {
      compareValues(path, recorded.asInt() > 0, actual.asInt() > 0, found);
    } else if (recorded.isArray() && actual.isArray() && recorded.size() == actual.size()) {
      for (int i = 0; i < recorded.size(); i++) {
        compare(path + "/" + i, false, recorded.get(i), actual.get(i), found);
      }
    } else if (isId(recorded) && isId(actual)) {
      long expected = id(recorded);
      Long known = ours.putIfAbsent(expected, id(actual));
      compareValues(path, known == null ? id(actual) : known, id(actual), found);
    } else {
      compareValues(path, recorded, actual, found);
    }
  }

  private void compareObjects(
      String path, boolean isMember, JsonNode recorded, JsonNode actual, List<String> found) {
    boolean isBlob = isMember && recorded.path("typename").asText().equals("vineyard::Blob");
    Map<String, JsonNode> expected = new HashMap<>();
    recorded
        .properties() // an id can be a key
        .forEach(one -> expected.put(translatedKey(one.getKey()), one.getValue()));
    Set<String> keys = new TreeSet<>(expected.keySet());
    actual.properties().forEach(one -> keys.add(one.getKey()));
    keys.removeAll(OWN_CHOICE);
    if (isBlob) {
      keys.removeAll(SIZES);
    }
    for (String key : keys) {
      JsonNode one = expected.get(key);
      JsonNode other = actual.get(key);
      if (one == null || other == null) {
        found.add(path + "/" + key + ": real " + one + ", ours " + other);
      } else {
        boolean inner = !OBJECT_ID.matcher(key).matches();
        compare(path + "/" + key, inner, one, other, found);
      }
    }
  }

  private String translatedKey(String key) {
    return translated(Messages.JSON.getNodeFactory().textNode(key)).textValue();
  }

  private static void compareValues(
      String path, Object recorded, Object actual, List<String> found) {
    if (!recorded.equals(actual)) {
      found.add(path + ": real " + recorded + ", ours " + actual);
    }
  }
}
