package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/** Labels of an object, which Vineyard keeps as JSON text in one of its fields. */
public final class Labels {
  /** The field that they are in. */
  public static final String FIELD = "__labels";

  private static final ObjectMapper JSON = new ObjectMapper();

  private Labels() {}

  /**
   * Adds labels.
   *
   * @param before the field as it was; text that is no JSON object counts as no labels
   */
  public static String merged(String before, Map<String, String> more) {
    ObjectNode labels = read(before);
    more.forEach(labels::put);
    return labels.toString();
  }

  private static ObjectNode read(String text) {
    try {
      JsonNode found = JSON.readTree(text);
      return found instanceof ObjectNode labels ? labels : JSON.createObjectNode();
    } catch (JsonProcessingException e) {
      return JSON.createObjectNode();
    }
  }
}
