package io.vineyard.store.protocol.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.server.Recording;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that the real client and the real server were recorded to say is understood, and said
 * again in the same way; and nothing worse comes of it than an error if any field of it is wrong.
 */
class RecordedMessagesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonDialect DIALECT = new JsonDialect(0);

  /**
   * What is written in another way, or besides: addresses in a server, what is compressed for other
   * machines, the number of a machine; what the client leaves out of members that it names by their
   * ids; and what a request need not say.
   */
  private static final Set<String> NOT_COMPARED =
      Set.of(
          "pointer",
          "support_rpc_compression",
          "hostid",
          "signature",
          "__timestamp",
          "nbytes",
          "length",
          "extra");

  /** Codes that the reading of a request can fail with. */
  private static final Set<ErrorCode> REFUSALS =
      Set.of(
          ErrorCode.INVALID,
          ErrorCode.META_TREE_INVALID,
          ErrorCode.META_TREE_NAME_NOT_EXISTS,
          ErrorCode.ASSERTION_FAILED);

  private static final List<String> WRONG =
      List.of(
          "null",
          "true",
          "-1",
          "1.5",
          "1e400",
          "18446744073709551616",
          "123456789012345678901234567890",
          "\"\"",
          "\"o8000000000000000\"",
          "[]",
          "[1,\"a\",null]",
          "{}",
          "{\"id\":4}",
          "{\"id\":\"o04\",\"typename\":7}",
          "{\"id\":\"o04\",\"typename\":\"t\"}");

  static List<Recording> recordings() {
    return Recording.all();
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }

  private static ByteBuf body(JsonNode message) {
    return Unpooled.copiedBuffer(message.toString(), StandardCharsets.UTF_8);
  }

  private static JsonNode written(Request request) {
    ByteBuf out = Unpooled.buffer();
    DIALECT.write(request, out);
    return json(out.skipBytes(JsonDialect.LENGTH_BYTES).toString(StandardCharsets.UTF_8));
  }

  private static JsonNode written(Reply reply) {
    ByteBuf out = Unpooled.buffer();
    DIALECT.write(reply, out);
    return json(out.skipBytes(JsonDialect.LENGTH_BYTES).toString(StandardCharsets.UTF_8));
  }

  private static JsonNode compared(JsonNode message) {
    if (message.isObject()) {
      ObjectNode plain = JSON.createObjectNode();
      message
          .properties()
          .forEach(
              field -> {
                if (!NOT_COMPARED.contains(field.getKey())) {
                  plain.set(field.getKey(), compared(field.getValue()));
                }
              });
      return plain;
    }
    if (message.isArray()) {
      List<JsonNode> all = new ArrayList<>();
      message.forEach(one -> all.add(compared(one)));
      return JSON.createArrayNode().addAll(all);
    }
    return message;
  }

  private static Request request(JsonNode message) {
    return DIALECT.readRequest(body(message));
  }

  private static Reply reply(Request request, JsonNode message) {
    try {
      return DIALECT.readReply(request, body(message));
    } catch (VineyardException e) {
      assertThat(message.has("code")).as("%s is an error: %s", message, e).isTrue();
      return new Reply.Failed(e.code().number(), String.valueOf(e.getMessage()));
    }
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void everyMessageIsReadAndWrittenAgain(Recording recording) {
    Map<Integer, Request> asked = new HashMap<>();
    Map<Integer, Integer> refused = new HashMap<>();
    for (Recording.Line line : recording.lines()) {
      JsonNode message = line.message();
      int connection = line.connection();
      if (message != null && line.isOfClient()) {
        try {
          asked.put(connection, request(message));
          assertSame(line, written(asked.get(connection)), message);
        } catch (VineyardException e) {
          refused.put(connection, e.code().number());
        }
      } else if (message != null && refused.containsKey(connection)) {
        int code = refused.remove(connection);
        assertThat(message.path("code").asInt()).as("line %d", line.number()).isEqualTo(code);
      } else if (message != null) {
        assertSame(line, written(reply(asked.get(connection), message)), message);
      }
    }
  }

  private static void assertSame(Recording.Line line, JsonNode again, JsonNode message) {
    assertThat(compared(again)).as("line %d", line.number()).isEqualTo(compared(message));
  }

  @Test
  void nothingWorseThanAnErrorComesOfAWrongRequest() {
    int refused = 0;
    for (JsonNode wrong : allWrong(true)) {
      try {
        Request unused = request(wrong);
      } catch (VineyardException e) {
        assertThat(REFUSALS).as("%s for %s", e, wrong).contains(e.code());
        refused++;
      }
    }
    assertThat(refused).as("requests that are refused").isGreaterThan(1000);
  }

  private static List<JsonNode> allWrong(boolean areOfClient) {
    Set<JsonNode> kinds = new LinkedHashSet<>();
    Set<String> seen = new HashSet<>();
    for (Recording recording : Recording.all()) {
      for (Recording.Line line : recording.lines()) {
        JsonNode message = line.message();
        if (message != null
            && line.isOfClient() == areOfClient
            && seen.add(message.path("type") + " " + message.path("content").path("typename"))) {
          kinds.add(message);
        }
      }
    }
    List<JsonNode> all = new ArrayList<>();
    kinds.forEach(message -> addWrong(message, message, List.of(), all));
    return all;
  }

  /** Adds a message once without each of its fields, and once for each wrong value of them. */
  private static void addWrong(
      JsonNode root, JsonNode at, List<String> path, List<JsonNode> found) {
    at.properties()
        .forEach(
            field -> {
              found.add(changed(root, path, field.getKey(), null));
              WRONG.forEach(value -> found.add(changed(root, path, field.getKey(), json(value))));
              List<String> inner = new ArrayList<>(path);
              inner.add(field.getKey());
              addWrong(root, field.getValue(), inner, found);
            });
  }

  private static JsonNode changed(JsonNode root, List<String> path, String key, JsonNode value) {
    JsonNode copy = root.deepCopy();
    JsonNode at = copy;
    for (String step : path) {
      at = at.get(step);
    }
    if (value == null) {
      ((ObjectNode) at).remove(key);
    } else {
      ((ObjectNode) at).set(key, value);
    }
    return copy;
  }

  @Test
  void nothingWorseThanAnErrorComesOfAWrongReply() {
    Map<String, Request> byReply = new HashMap<>();
    JsonDialectTest.requests().forEach(one -> byReply.put(ReplyJson.typeOf(one), one));
    byReply.put("create_data_reply", new Request.CreateData(JsonDialectTest.META));
    int refused = 0;
    for (JsonNode wrong : allWrong(false)) {
      Request request = byReply.getOrDefault(wrong.path("type").asText(), new Request.Clear());
      try {
        Reply unused = DIALECT.readReply(request, body(wrong));
      } catch (VineyardException e) {
        boolean isSaid = wrong.path("code").asInt() == e.code().number();
        assertThat(isSaid || e.code() == ErrorCode.PROTOCOL_ERROR || isNoCode(wrong, e))
            .as("%s for %s", e, wrong)
            .isTrue();
        refused++;
      }
    }
    assertThat(refused).as("replies that are refused").isGreaterThan(1000);
  }

  private static boolean isNoCode(JsonNode wrong, VineyardException e) {
    return wrong.has("code") && (e.code() == ErrorCode.UNKNOWN || e.code() == ErrorCode.INVALID);
  }
}
