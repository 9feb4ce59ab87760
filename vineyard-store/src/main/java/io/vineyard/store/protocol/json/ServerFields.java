package io.vineyard.store.protocol.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a Vineyard server keeps in the metadata of an object beside the fields of its type. */
public final class ServerFields {
  private static final String NAME = "__name";
  private static final String LABELS = "__labels";
  private static final String GLOBAL = "global";
  private static final Set<String> BOOKKEEPING =
      Set.of(MetaJson.INSTANCE, MetaJson.SIGNATURE, MetaJson.BYTES, "__timestamp", NAME, LABELS);
  private static final ObjectMapper JSON = new ObjectMapper();

  private ServerFields() {}

  /** Returns whether a field of this name is the server's own, or its value for all others. */
  public static boolean isBookkeeping(String key, Object value) {
    return BOOKKEEPING.contains(key) || (key.equals(GLOBAL) && value.equals(false));
  }

  /** Returns how many bytes a blob has, as far as its metadata tells. */
  public static long blobBytes(ObjectMeta blob) {
    return blob.fields().get(MetaJson.LENGTH) instanceof Long length ? length : 0;
  }

  /** Returns the instance that an object is on. */
  public static long instance(ObjectMeta meta) {
    return meta.fields().get(MetaJson.INSTANCE) instanceof Long instance ? instance : 0;
  }

  /** Returns the name that an object was given last, null if none. */
  public static @Nullable String name(ObjectMeta meta) {
    Object name = meta.fields().get(NAME);
    return name instanceof String text ? text.replace("~1", "/").replace("~0", "~") : null;
  }

  /** Returns the labels of an object. */
  public static Map<String, String> labels(ObjectMeta meta) {
    return meta.fields().get(LABELS) instanceof String text ? texts("labels", text) : Map.of();
  }

  /**
   * Reads a field that is the JSON text of an object of strings; values of other types are left
   * out.
   *
   * @throws VineyardException with {@link ErrorCode#TYPE_ERROR} if it is something else
   */
  public static Map<String, String> texts(String what, String json) {
    JsonNode read;
    try {
      read = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR, "expected " + what + " in JSON: " + e.getOriginalMessage(), e);
    }
    if (!read.isObject()) {
      throw VineyardException.of(
          ErrorCode.TYPE_ERROR, "expected " + what + " as an object, got " + JsonObject.cut(read));
    }
    Map<String, String> found = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> one : read.properties()) {
      if (one.getValue().isTextual()) {
        found.put(one.getKey(), one.getValue().textValue());
      }
    }
    return found;
  }

  /** Writes an object of strings as JSON text. */
  public static String json(Map<String, String> texts) {
    return JSON.valueToTree(texts).toString();
  }
}
