package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.EMPTY;
import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.ids;
import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;
import static io.vineyard.store.server.Messages.reference;
import static io.vineyard.store.server.Messages.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.Waits;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers to requests for objects and names in Vineyard's dialect. */
class JsonObjectsIT extends JsonRules {
  private static final long NOTHING = 4;

  private static JsonNode createBuffer(Object size) {
    return message("create_buffer_request", "size", size);
  }

  private static JsonNode seal(long id) {
    return message("seal_request", "object_id", id);
  }

  private static JsonNode putName(long id, String name) {
    return message("put_name_request", "object_id", id, "name", name);
  }

  private static JsonNode getName(String name, boolean waits) {
    return message("get_name_request", "name", name, "wait", waits);
  }

  private static JsonNode getData(boolean waits, long... ids) {
    return message("get_data_request", "id", ids, "sync_remote", false, "wait", waits);
  }

  // Objects.

  private static JsonNode create(JsonNode content) {
    return message("create_data_request", "content", content);
  }

  private static JsonNode list(String pattern) {
    return message("list_data_request", "pattern", pattern, "regex", false, "limit", 100);
  }

  @Test
  void objectIsGotAsItWasCreated() {
    RawJsonClient client = client();
    JsonNode content =
        meta("my::Thing", "n_", 3, "x_", 1.5, "s_", "ä€😀\0", "b_", true, "big_", -1L)
            .set("list_", Messages.parse("[1,\"two\",null]"));
    long id = client.create(content);
    JsonNode found = client().meta(id);
    for (String key : List.of("typename", "n_", "x_", "s_", "b_", "big_", "list_", "transient")) {
      assertThat(found.get(key)).as(key).isEqualTo(content.get(key));
    }
    assertThat(found.get("id").asText()).isEqualTo(text(id));
    assertThat(found.get("signature").isIntegralNumber()).isTrue();
    assertThat(found.get("instance_id").asLong()).isZero();
    assertThat(found.get("__timestamp").isIntegralNumber()).isTrue();
    assertThat(found.get("nbytes").isIntegralNumber()).isTrue();
    client.delete(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\0json:{}", "\0json:1 }", "\0json:[1", "\0json:1,\"id\":2", "\0json:1"})
  void textIsTextWhateverItLooksLike(String text) {
    RawJsonClient client = client();
    long id = client.create(meta("t", "s_", text));
    assertThat(client.meta(id).get("s_").asText()).isEqualTo(text);
    client.delete(id);
  }

  @Test
  void membersAreFilledIn() {
    RawJsonClient client = client();
    long blob = client.blob((byte) 1, (byte) 2);
    long inner = client.create(meta("in::ner").set("data_", Messages.blob(blob, 2)));
    long outer =
        client.create(
            meta("out::er")
                .<ObjectNode>set("one_", reference(inner))
                .set("two_", meta("new::One", "k", 1).put("id", text(77))));
    JsonNode found = client.meta(outer);
    JsonNode data = found.get("one_").get("data_");
    assertThat(found.get("one_").get("typename").asText()).isEqualTo("in::ner");
    assertThat(data.get("id").asText()).isEqualTo(text(blob));
    assertThat(data.get("typename").asText()).isEqualTo("vineyard::Blob");
    assertThat(data.get("instance_id").asLong()).isZero();
    assertThat(found.get("two_").get("k").asInt()).isEqualTo(1);
    assertThat(found.get("two_").has("id")).isTrue();
    client.delete(outer);
    assertThat(client.exists(blob)).isFalse();
  }

  @Test
  void wrongTreesAreRefusedWithVineyardsCodes() {
    RawJsonClient client = client();
    long blob = client.blob((byte) 1);
    long other = client.create(meta("t", "global", true));
    assertThat(client.refused(create(Messages.object("instance_id", 0)))).isEqualTo(21);
    assertThat(client.refused(create(meta("t").put("typename", 7)))).isEqualTo(21);
    assertThat(client.refused(create(meta("vineyard::Blob")))).isEqualTo(7);
    assertThat(client.refused(create(Messages.object("typename", "t")))).isEqualTo(7);
    assertThat(client.refused(create(meta("t").set("m", Messages.object())))).isEqualTo(25);
    assertThat(client.refused(create(meta("t").set("m", reference(NOTHING))))).isEqualTo(27);
    assertThat(client.refused(create(meta("t").set("m", reference(blob))))).isEqualTo(21);
    assertThat(client.refused(create(meta("t", "global", true).set("m", reference(other)))))
        .isEqualTo(51);
    assertThat(client.refused(create(meta("t").set("m", Messages.blob(blob + 99, 1)))))
        .isEqualTo(12);
    JsonNode several =
        message(
            "create_datas_request",
            "num",
            2,
            "contents",
            Messages.JSON.createArrayNode().add(meta("t")).add(meta("vineyard::Blob")));
    assertThat(client.refused(several)).isEqualTo(7);
    JsonNode found = client.done(list("*")).get("content");
    assertThat(found).as("objects that there are").hasSize(2);
    client.delete(other, blob);
  }

  @Test
  void allOfSeveralObjectsAreCreatedOrNone() {
    RawJsonClient client = client();
    JsonNode good = meta("t");
    JsonNode missing = meta("t").set("m", reference(NOTHING));
    assertThat(client.refused(createAll(good, missing))).isEqualTo(27);
    assertThat(client.done(list("t")).get("content").isNull()).as("nothing created").isTrue();
    JsonNode reply = client.done(createAll(good, good, good));
    assertThat(reply.get("num").asInt()).isEqualTo(3);
    assertThat(reply.get("ids")).hasSize(3);
    assertThat(reply.get("signatures")).hasSize(3);
    assertThat(reply.get("instance_ids")).hasSize(3);
    reply.get("ids").forEach(id -> client.delete(bits(id)));
  }

  private static JsonNode createAll(JsonNode... contents) {
    return message(
        "create_datas_request",
        "num",
        contents.length,
        "contents",
        Messages.JSON.createArrayNode().addAll(List.of(contents)));
  }

  @Test
  void onlyWhatExistsIsGot() {
    RawJsonClient client = client();
    long id = client.create(meta("t"));
    assertThat(client.done(getData(false, NOTHING, id)).get("content")).hasSize(1);
    assertThat(client.done(getData(false, NOTHING)).get("content").isNull()).isTrue();
    assertThat(client.done(getData(false)).get("content").isNull()).isTrue();
    client.delete(id);
  }

  @Test
  void typesAreListedByPattern() {
    RawJsonClient client = client();
    long one = client.create(meta("a::One"));
    long two = client.create(meta("a::Two"));
    long blob = client.blob((byte) 1);
    assertThat(client.done(list("a::*")).get("content")).hasSize(2);
    assertThat(client.done(list("*")).get("content")).hasSize(3);
    assertThat(client.done(list("a::[OX]ne")).get("content")).hasSize(1);
    assertThat(client.done(list("a::On?")).get("content")).hasSize(1);
    assertThat(client.done(list("b")).get("content").isNull()).isTrue();
    for (String regex : List.of("a::(One|Two)", "a::.*")) {
      JsonNode message = message("list_data_request", "pattern", regex, "regex", true, "limit", 9);
      assertThat(client.done(message).get("content")).hasSize(2);
    }
    JsonNode wrong = message("list_data_request", "pattern", "a::(", "regex", true, "limit", 9);
    assertThat(client.done(wrong).get("content").isNull()).isTrue();
    JsonNode first = message("list_data_request", "pattern", "*", "regex", false, "limit", 1);
    assertThat(client.done(first).get("content")).hasSize(1);
    JsonNode none = message("list_data_request", "pattern", "*", "regex", false, "limit", 0);
    assertThat(client.done(none).get("content").isNull()).isTrue();
    client.delete(one, two, blob);
  }

  @Test
  void patternThatNeverEndsIsRefused() {
    RawJsonClient client = client();
    long id = client.create(meta("a".repeat(200)));
    JsonNode slow =
        message("list_data_request", "pattern", "(a*)*(a*)*(a*)*b", "regex", true, "limit", 9);
    assertThat(client.refused(slow)).isEqualTo(1);
    assertThat(client.refused(list("*".repeat(5000)))).isEqualTo(1);
    client.delete(id);
  }

  @Test
  void objectThatIsPersistedCanBeNamed() {
    RawJsonClient client = client();
    long inner = client.create(meta("in"));
    long id = client.create(meta("t").set("m", reference(inner)));
    JsonNode isPersistent = message("if_persist_request", "id", id);
    assertThat(client.refused(putName(id, "n"))).isEqualTo(1);
    assertThat(client.done(isPersistent).get("persist").asBoolean()).isFalse();
    client.done(message("persist_request", "id", id));
    client.done(message("persist_request", "id", id));
    assertThat(client.done(isPersistent).get("persist").asBoolean()).isTrue();
    assertThat(client.meta(id).get("transient").asBoolean()).isFalse();
    assertThat(client.meta(inner).get("transient").asBoolean()).isFalse();
    client.done(putName(id, "n"));
    assertThat(bits(client.done(getName("n", false)).get("object_id"))).isEqualTo(id);
    assertThat(client.meta(id).get("__name").asText()).isEqualTo("n");
    client.done(message("drop_name_request", "name", "n"));
    client.done(message("drop_name_request", "name", "n"));
    assertThat(client.refused(getName("n", false))).isEqualTo(12);
    client.delete(id);
  }

  @Test
  void blobsAreNoObjects() {
    RawJsonClient client = client();
    long blob = client.blob((byte) 1);
    assertThat(client.refused(message("persist_request", "id", blob))).isEqualTo(7);
    assertThat(client.refused(putName(blob, "n"))).isEqualTo(1);
    assertThat(client.refused(message("shallow_copy_request", "id", blob))).isEqualTo(7);
    assertThat(client.refused(message("migrate_object_request", "object_id", blob))).isEqualTo(1);
    JsonNode isPersistent = message("if_persist_request", "id", blob);
    assertThat(client.done(isPersistent).get("persist").asBoolean()).isFalse();
    client.delete(blob);
  }

  @Test
  void whatIsNotThereIsMissedWithVineyardsCodes() {
    RawJsonClient client = client();
    assertThat(client.refused(message("persist_request", "id", NOTHING))).isEqualTo(27);
    assertThat(client.refused(message("if_persist_request", "id", NOTHING))).isEqualTo(27);
    assertThat(client.refused(putName(NOTHING, "n"))).isEqualTo(12);
    assertThat(client.refused(message("shallow_copy_request", "id", NOTHING))).isEqualTo(27);
    assertThat(client.refused(message("migrate_object_request", "object_id", NOTHING)))
        .isEqualTo(27);
    JsonNode label = message("label_request", "id", NOTHING, "keys", "k", "values", "v");
    assertThat(client.refused(label)).isEqualTo(1);
    label = message("label_request", "id", NOTHING, "keys", List.of("k"), "values", List.of("v"));
    assertThat(client.refused(label)).isEqualTo(12);
    client.delete(NOTHING, NOTHING | EMPTY);
  }

  @Test
  void labelsAreAdded() {
    RawJsonClient client = client();
    long id = client.create(meta("t"));
    for (String value : List.of("1", "\"2\"")) {
      client.done(
          message(
              "label_request",
              "id",
              id,
              "keys",
              List.of("k", "of " + value),
              "values",
              List.of(value, "x")));
    }
    JsonNode labels = Messages.parse(client.meta(id).get("__labels").asText());
    assertThat(labels).isEqualTo(Messages.object("k", "\"2\"", "of 1", "x", "of \"2\"", "x"));
    client.delete(id);
  }

  @Test
  void shallowCopyHasTheSameMembers() {
    RawJsonClient client = client();
    long inner = client.create(meta("in"));
    long id = client.create(meta("t", "n", 1).set("m", reference(inner)));
    JsonNode extra = Messages.object("n", 2, "o", "p");
    JsonNode message = message("shallow_copy_request", "id", id, "extra", extra);
    long copy = bits(client.done(message).get("target_id"));
    JsonNode found = client.meta(copy);
    assertThat(found.get("n").asInt()).isEqualTo(2);
    assertThat(found.get("o").asText()).isEqualTo("p");
    assertThat(found.get("m").get("id").asText()).isEqualTo(text(inner));
    JsonNode deep = message("shallow_copy_request", "id", id, "extra", Messages.object("m", found));
    assertThat(client.refused(deep)).isEqualTo(7);
    client.delete(id, copy);
    assertThat(client.exists(inner)).isFalse();
  }

  @Test
  void migratingWhatIsHereChangesNothing() {
    RawJsonClient client = client();
    long id = client.create(meta("t"));
    JsonNode reply = client.done(message("migrate_object_request", "object_id", id));
    assertThat(bits(reply.get("object_id"))).isEqualTo(id);
    client.delete(id);
  }

  @ParameterizedTest
  @CsvSource({
    "false,false,false,false,true",
    "false,true,false,false,false",
    "true,false,false,false,true",
    "true,true,false,false,false"
  })
  void deletingAnObject(boolean force, boolean deep, boolean root, boolean blob, boolean member) {
    RawJsonClient client = client();
    long data = client.blob((byte) 1);
    long inner = client.create(meta("in"));
    long id =
        client.create(
            meta("t").<ObjectNode>set("m", reference(inner)).set("b", Messages.blob(data, 1)));
    JsonNode message =
        message("del_data_with_feedbacks_request", "id", ids(id), "force", force, "deep", deep);
    JsonNode gone = client.done(message).get("deleted_bids");
    assertThat(gone).hasSize(1);
    assertThat(bits(gone.get(0))).isEqualTo(data);
    assertThat(client.exists(id)).isEqualTo(root);
    assertThat(client.exists(data)).isEqualTo(blob);
    assertThat(client.exists(inner)).isEqualTo(member);
    client.delete(inner);
  }

  @Test
  void memberIsDeletedByForceOnlyAndTakesItsParentsWithIt() {
    RawJsonClient client = client();
    long inner = client.create(meta("in"));
    long other = client.create(meta("in"));
    long id =
        client.create(meta("t").<ObjectNode>set("m", reference(inner)).set("n", reference(other)));
    client.delete(inner);
    assertThat(client.exists(inner)).isTrue();
    client.done(message("del_data_request", "id", ids(inner), "force", true, "deep", true));
    assertThat(client.exists(inner)).isFalse();
    assertThat(client.exists(id)).isFalse();
    assertThat(client.exists(other)).isTrue();
    client.delete(other);
  }

  @Test
  void clearLeavesNothing() {
    RawJsonClient client = client();
    long blob = client.blob((byte) 1);
    client.create(meta("t").set("b", Messages.blob(blob, 1)));
    client.done(createBuffer(100));
    client.done(message("clear_request"));
    assertThat(status().objects()).isZero();
    assertThat(usage()).isZero();
  }

  // Waiting.

  @Test
  void objectsThatDoNotExistAreWaitedFor() {
    RawJsonClient client = client();
    RawJsonClient other = client();
    long first = other.create(meta("t"));
    JsonNode one = getData(true, first);
    assertThat(client.done(one).get("content")).hasSize(1);
    JsonNode waiting = getData(true, first, 77);
    client.say(waiting);
    assertWaits(client);
    other.create(meta("t"));
    assertWaits(client);
    other.done(message("clear_request"));
  }

  @Test
  void blobThatIsNotSealedIsWaitedFor() {
    RawJsonClient client = client();
    RawJsonClient other = client();
    long id = bits(other.done(createBuffer(8)).get("id"));
    JsonNode waiting = getData(true, id);
    client.say(waiting);
    assertWaits(client);
    other.done(seal(id));
    assertThat(client.answered(waiting).get("content")).hasSize(1);
    other.delete(id);
  }

  @Test
  void waitsEndWithTheirClients() {
    for (JsonNode message : List.of(getName("never", true), getData(true, NOTHING))) {
      RawJsonClient client = client();
      client.say(message);
      assertWaits(client);
      assertThat(waits()).isEqualTo(1);
      client.close();
      Waits.until("the wait to end", () -> waits() == 0);
    }
  }

  private long waits() {
    return client()
        .done(message("instance_status_request"))
        .get("meta")
        .get("deferred_requests")
        .asLong();
  }

  @Test
  void nameThatIsGivenInJavaIsWaitedFor() {
    RawJsonClient client = client();
    client.say(getName("ours", true));
    assertWaits(client);
    ObjectId id = Waits.value(store.createObject(ObjectMeta.builder("t").build())).requireId();
    Waits.done(store.putName(id, "ours"));
    assertThat(bits(client.answered(getName("ours", true)).get("object_id"))).isEqualTo(id.value());
    Waits.done(store.delete(id));
  }

  @Test
  void namesOfAReplyAreBounded() {
    RawJsonClient client = client();
    long id = client.create(meta("t"));
    client.done(message("persist_request", "id", id));
    String long1000 = "x".repeat(1000);
    List<JsonNode> puts =
        IntStream.range(0, 17_000).<JsonNode>mapToObj(i -> putName(id, i + long1000)).toList();
    for (int from = 0; from < puts.size(); from += 1000) {
      List<JsonNode> some = puts.subList(from, from + 1000);
      client.say(some.toArray(new JsonNode[0]));
      some.forEach(client::answered);
    }
    assertThat(client.ask(listNames(Integer.MAX_VALUE)).path("code").asInt()).isEqualTo(1);
    assertThat(client.done(listNames(10)).get("names")).hasSize(10);
    client.delete(id);
  }

  private static JsonNode listNames(int limit) {
    return message("list_name_request", "pattern", "*", "regex", false, "limit", limit);
  }
}
