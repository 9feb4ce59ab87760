package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vineyard.store.Waits;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a real client has said is said to this server, which answers as the real one did. */
class RecordedConversationsIT extends JsonRules {
  private static final String NAMES = "a name goes with what has it";
  private static final String MEMORY =
      "there is no blob that is all of the memory; nobody reads it";
  private static final String CLIENTS = "a client of our own dialect is counted, too";
  private static final String READERS = "a stream whose reader is lost waits for the next one";

  /** Where the answer differs on purpose: the recording and the line, and why. */
  private static final Map<String, String> DELIBERATE =
      Map.ofEntries(
          Map.entry("clear 18", NAMES),
          Map.entry("clear 22", MEMORY),
          Map.entry("clear 36", CLIENTS),
          Map.entry("connect-status 4", CLIENTS),
          Map.entry("connect-status 10", CLIENTS),
          Map.entry("metadata-global 10", MEMORY),
          Map.entry("metadata 16", MEMORY),
          Map.entry("names 42", NAMES),
          Map.entry("stream-reader-gone 22", READERS),
          Map.entry("stream-reader-gone 24", READERS),
          Map.entry("stream-reader-gone 28", READERS));

  private final Map<Integer, RawJsonClient> clients = new HashMap<>();
  private final Map<Integer, JsonNode> asked = new HashMap<>();
  private final RecordedIds ids = new RecordedIds();
  private final List<String> differences = new ArrayList<>();
  private final Set<String> differing = new TreeSet<>();

  static List<Recording> recordings() {
    return Recording.all();
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void serverAnswersAsTheRealOneDid(Recording recording) {
    for (Recording.Line line : recording.lines()) {
      replay(recording.name() + " " + line.number(), line);
    }
    clear();
    assertThat(differences).as("differences that are not deliberate").isEmpty();
    assertThat(differing)
        .as("differences that are deliberate")
        .containsExactlyInAnyOrderElementsOf(deliberate(recording));
  }

  private static Set<String> deliberate(Recording recording) {
    return DELIBERATE.keySet().stream()
        .filter(place -> place.startsWith(recording.name() + " "))
        .collect(Collectors.toSet());
  }

  private void replay(String place, Recording.Line line) {
    JsonNode message = line.message();
    if (message == null) {
      leave(line.connection());
    } else if (line.isOfClient()) {
      JsonNode own = ids.translated(message);
      asked.put(line.connection(), own);
      clients.computeIfAbsent(line.connection(), number -> stranger()).say(own);
    } else {
      JsonNode reply = clients.get(line.connection()).next();
      assertThat(reply).as("the answer at %s", place).isNotNull();
      List<String> found = ids.differences(message, reply);
      if (!found.isEmpty() && DELIBERATE.containsKey(place)) {
        differing.add(place);
      } else {
        JsonNode request = asked.get(line.connection());
        found.forEach(one -> differences.add(place + ", to " + request + ": " + one));
      }
    }
  }

  private void leave(int connection) {
    clients.remove(connection).close();
    int left = clients.size();
    Waits.until("a client to be gone", () -> status().clients() <= 1 + left);
  }

  /** Conversations end with what they have left in a server that ends as well. */
  private void clear() {
    RawJsonClient client = client();
    JsonNode names = message("list_name_request", "pattern", "*", "regex", false, "limit", 99);
    client
        .done(names)
        .get("names")
        .fieldNames()
        .forEachRemaining(name -> client.done(message("drop_name_request", "name", name)));
    JsonNode streams =
        message("list_data_request", "pattern", "*Stream", "regex", false, "limit", 99);
    client
        .done(streams)
        .get("content")
        .forEach(
            stream ->
                client.delete(Long.parseUnsignedLong(stream.get("id").asText().substring(1), 16)));
    client.done(message("clear_request"));
  }
}
