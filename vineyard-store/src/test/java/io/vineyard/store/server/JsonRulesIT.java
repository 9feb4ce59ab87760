package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.EMPTY;
import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.ids;
import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;
import static io.vineyard.store.server.Messages.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.Unpooled;
import io.vineyard.store.Blob;
import io.vineyard.store.BlobWriter;
import io.vineyard.store.Logged;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.Waits;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers on a connection of Vineyard's dialect, and to requests for blobs. */
class JsonRulesIT extends JsonRules {
  private static final long NOTHING = 4;

  private static JsonNode createBuffer(Object size) {
    return message("create_buffer_request", "size", size);
  }

  private static JsonNode seal(long id) {
    return message("seal_request", "object_id", id);
  }

  private static JsonNode getBuffers(long... ids) {
    return message("get_buffers_request", "ids", ids, "num", ids.length, "unsafe", false);
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

  private static JsonNode list(String pattern) {
    return message("list_data_request", "pattern", pattern, "regex", false, "limit", 100);
  }

  // The connection.

  @Test
  void registrationSaysAllThatClientsLookFor() {
    JsonNode reply = stranger().done(RawJsonClient.registration());
    assertThat(reply.get("ipc_socket").asText()).isEqualTo(socket().toString());
    assertThat(reply.get("rpc_endpoint").asText()).matches("[^:]+:\\d+");
    assertThat(reply.get("version").asText()).matches("0\\.24\\.\\d+");
    assertThat(reply.get("store_match").asBoolean()).isTrue();
    assertThat(reply.get("instance_id").asLong()).isZero();
    assertThat(reply.get("session_id").asLong()).isZero();
    assertThat(reply.get("support_rpc_compression").asBoolean()).isFalse();
  }

  @Test
  void clientMayRegisterTwice() {
    assertThat(client().done(RawJsonClient.registration()).has("version")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"1,true", "2,false", "'\"Normal\"',true", "'\"Plasma\"',false"})
  void storeMatchesUnlessPlasmaIsAskedFor(String storeType, boolean matches) {
    RawJsonClient client = stranger();
    JsonNode message =
        message("register_request", "version", "0", "store_type", Messages.parse(storeType));
    assertThat(client.done(message).get("store_match").asBoolean()).isEqualTo(matches);
  }

  @Test
  void nothingIsDoneForAStranger() {
    RawJsonClient client = stranger();
    assertThat(client.refused(createBuffer(8))).isEqualTo(1);
    assertThat(client.refused(message("instance_status_request"))).isEqualTo(1);
    assertThat(client.done(RawJsonClient.registration()).has("version")).isTrue();
  }

  @Test
  void exitEndsTheConnectionWithoutAWord() {
    RawJsonClient client = client();
    client.say(message("exit_request"));
    assertThat(client.rest()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "7",
        "{",
        "{}",
        "{\"type\":7}",
        "{\"type\":null}",
        "{\"type\":\"\"}",
        "{\"type\":\"seal_request\"}",
        "{\"type\":\"seal_request\",\"object_id\":\"o8000000000000001\"}",
        "{\"type\":\"seal_request\",\"object_id\":1.5}",
        "{\"type\":\"seal_request\",\"object_id\":18446744073709551616}",
        "{\"type\":\"create_buffer_request\",\"size\":-1}",
        "{\"type\":\"create_data_request\"}",
        "{\"type\":\"create_data_request\",\"content\":[]}",
        "{\"type\":\"label_request\",\"id\":4,\"keys\":[\"a\"],\"values\":[]}",
        "{\"type\":\"get_buffers_request\",\"num\":2,\"0\":4}",
        "{\"type\":\"exists_request\",\"id\":4} {}",
        "{\"type\":\"open_stream_request\",\"object_id\":4,\"mode\":4294967297}"
      })
  void wrongRequestIsAnsweredAndTheNextIsDone(String body) {
    RawJsonClient client = client();
    client.say(Messages.frame(body));
    int code = client.failed(Messages.object("body", body));
    assertThat(code).as("code").isIn(1, 6);
    assertThat(client.exists(NOTHING)).isFalse();
  }

  @Test
  void textThatIsNoUtf8IsRefused() {
    RawJsonClient client = client();
    byte[] body =
        "{\"type\":\"drop_name_request\",\"name\":\"?\"}".getBytes(StandardCharsets.UTF_8);
    body[body.length - 3] = (byte) 0xFF;
    client.say(Messages.frame(body));
    assertThat(client.failed(Messages.object())).isEqualTo(1);
    assertThat(client.exists(NOTHING)).isFalse();
  }

  /** Half a character is text to some readers of JSON, but nobody can write it again. */
  @Test
  void halfACharacterIsRefused() {
    RawJsonClient client = client();
    for (String text : List.of("\\ud83d", "\\ude00", "a\\ud83d\\u0041")) {
      client.say(Messages.frame("{\"type\":\"" + text + "\"}"));
      assertThat(client.failed(Messages.object("text", text))).isEqualTo(1);
    }
    String meta = meta("t").toString();
    client.say(
        Messages.frame(
            "{\"type\":\"create_data_request\",\"content\":"
                + meta.replace("\"t\"", "\"t\",\"a\":\"\\udc00\"")
                + "}"));
    assertThat(client.failed(Messages.object())).isEqualTo(1);
    assertThat(client.done(list("*")).get("content").isNull()).isTrue();
  }

  @Test
  void halfACharacterFromJavaIsReplaced() {
    RawJsonClient client = client();
    ObjectId id =
        Waits.value(
                store.createObject(
                    ObjectMeta.builder("t\udc00").field("a\ud83d", "\ud83d\ud83d\ude00").build()))
            .requireId();
    JsonNode found = client.meta(id.value());
    assertThat(found.get("typename").asText()).isEqualTo("t\ufffd");
    assertThat(found.get("a\ufffd").asText()).isEqualTo("\ufffd\ud83d\ude00");
    client.delete(id.value());
  }

  @Test
  void messageThatSaysItHasFailedIsAnsweredWithItsOwnCode() {
    RawJsonClient client = client();
    assertThat(client.refused(message("exists_request", "id", 4, "code", 12))).isEqualTo(12);
    assertThat(client.refused(message("exists_request", "id", 4, "code", 99))).isEqualTo(255);
    assertThat(client.done(message("exists_request", "id", 4, "code", 0)).has("exists")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "create_disk_buffer_request",
        "create_gpu_buffer_request",
        "get_gpu_buffers_request",
        "create_remote_buffer_request",
        "get_remote_buffers_request",
        "make_arena_request",
        "finalize_arena_request",
        "new_session_request",
        "delete_session_request",
        "move_buffers_ownership_request",
        "evict_request",
        "load_request",
        "unpin_request",
        "acquire_lock_request",
        "release_lock_request",
        "create_buffer_by_plasma_request",
        "debug_command",
        "unheard_of"
      })
  void whatIsNotOfferedIsSaidToBeSo(String type) {
    RawJsonClient client = client();
    assertThat(client.refused(message(type, "id", 4, "ids", ids(4), "key", "k"))).isEqualTo(6);
    assertThat(client.exists(NOTHING)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {(64L << 20) + 1, 1L << 62, Long.MAX_VALUE})
  void messageThatIsTooLongEndsItsConnectionOnly(long length) {
    RawJsonClient other = client();
    RawJsonClient client = client();
    try (Logged log = new Logged("io.vineyard.store.server")) {
      client.say(Unpooled.buffer().writeLongLE(length).writeBytes(new byte[64]));
      assertThat(client.rest()).isZero();
      assertThat(log.lines()).singleElement().asString().startsWith("WARN Dropped client ");
    }
    assertThat(other.exists(NOTHING)).isFalse();
  }

  @Test
  void strangerMayNotSayMuch() {
    RawJsonClient client = stranger();
    try (Logged log = new Logged("io.vineyard.store.server")) {
      client.say(Unpooled.buffer().writeLongLE(1 << 20).writeBytes(new byte[64]));
      assertThat(client.rest()).isZero();
      assertThat(log.lines()).singleElement().asString().startsWith("WARN Dropped a client: ");
    }
  }

  @Test
  void messageMayComeInPieces() {
    RawJsonClient client = client();
    byte[] all = new byte[200];
    int size = Messages.frame(createBuffer(8)).readBytes(all, 0, 30).readerIndex();
    for (int i = 0; i < size; i++) {
      client.say(Unpooled.wrappedBuffer(all, i, 1));
      settle();
    }
    client.say(Messages.frame(createBuffer(8)).skipBytes(size));
    long id = bits(client.next().get("id"));
    assertThat(client.exists(id)).isTrue();
  }

  @Test
  void requestsThatWereSentTogetherAreAnsweredInTheirOrder() {
    RawJsonClient client = client();
    List<JsonNode> messages = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      messages.add(createBuffer(100 + i));
      messages.add(message("exists_request", "id", 4));
    }
    client.say(messages.toArray(new JsonNode[0]));
    for (int i = 0; i < 200; i++) {
      JsonNode made = client.answered(messages.get(2 * i)).get("created");
      assertThat(made.get("data_size").asInt()).isEqualTo(100 + i);
      client.memory(made).put(new byte[100 + i]);
      assertThat(client.answered(messages.get(2 * i + 1)).has("exists")).isTrue();
    }
  }

  @Test
  void requestBehindOneThatWaitsComesAfterIt() {
    RawJsonClient client = client();
    JsonNode waiting = getName("later", true);
    JsonNode next = message("exists_request", "id", 4);
    client.say(waiting, next, next);
    assertWaits(client);
    RawJsonClient other = client();
    long id = other.create(meta("t"));
    other.done(message("persist_request", "id", id));
    other.done(putName(id, "later"));
    assertThat(bits(client.answered(waiting).get("object_id"))).isEqualTo(id);
    assertThat(client.answered(next).has("exists")).isTrue();
    assertThat(client.answered(next).has("exists")).isTrue();
    other.done(message("drop_name_request", "name", "later"));
    other.delete(id);
  }

  @Test
  void clientThatSaysMuchWhileItWaitsCanStillDie() {
    long before = status().clients();
    RawJsonClient client = client();
    client.say(getName("never", true));
    for (int i = 0; i < 3000; i++) {
      client.say(message("exists_request", "id", 4));
    }
    assertWaits(client);
    client.close();
    Waits.until("the client to be gone", () -> status().clients() == before);
  }

  // Blobs.

  @Test
  void blobIsReadWhereItWasWritten() {
    RawJsonClient client = client();
    JsonNode made = client.done(createBuffer(100)).get("created");
    long id = bits(made.get("object_id"));
    assertThat(id).as("id of a blob").isNegative();
    assertThat(made.get("is_sealed").asBoolean()).isFalse();
    assertThat(made.get("is_owner").asBoolean()).isTrue();
    assertThat(made.get("is_gpu").asBoolean()).isFalse();
    assertThat(made.get("data_offset").asLong() % 64).as("alignment").isZero();
    assertThat(made.get("map_size").asLong() % 4096).as("gap").isEqualTo(8);
    client.memory(made).put(99, (byte) 9);
    client.done(seal(id));
    RawJsonClient other = client();
    assertThat(other.bytes(id)).hasSize(100).endsWith(9);
    assertThat(other.bytes(id)).as("with the file it knows").endsWith(9);
    JsonNode found = other.done(getBuffers(id)).get("payloads").get(0);
    assertThat(found.get("is_sealed").asBoolean()).isTrue();
    assertThat(bits(found.get("pointer")) - found.get("data_offset").asLong())
        .as("what stands for the file")
        .isEqualTo(bits(made.get("pointer")) - made.get("data_offset").asLong());
    JsonNode meta = other.meta(id);
    assertThat(meta.get("typename").asText()).isEqualTo("vineyard::Blob");
    assertThat(meta.get("length").asLong()).isEqualTo(100);
    other.delete(id);
    assertThat(client.exists(id)).isFalse();
  }

  @Test
  void javaReadsWhatWasSealedAndTheOtherWayRound() {
    RawJsonClient client = client();
    long id = client.blob((byte) 1, (byte) 2, (byte) 3);
    try (Blob blob = Waits.value(store.getBlob(new ObjectId(id)))) {
      assertThat(blob.sizeBytes()).isEqualTo(3);
      assertThat(blob.view(0, 3).get(2)).isEqualTo((byte) 3);
    }
    client.delete(id);
    ObjectId ours;
    try (BlobWriter writer = Waits.value(store.createBlob(4))) {
      writer.view(0, 4).putInt(0, 0).put(3, (byte) 4);
      ours = Waits.value(writer.seal());
    }
    assertThat(client.bytes(ours.value())).containsExactly(0, 0, 0, 4);
    client.delete(ours.value());
  }

  @Test
  void blobOfNoBytesIsAlwaysThere() {
    RawJsonClient client = client();
    JsonNode reply = client.done(createBuffer(0));
    assertThat(bits(reply.get("id"))).isEqualTo(EMPTY);
    assertThat(reply.get("fd").asInt()).isEqualTo(-1);
    assertThat(reply.get("created").get("store_fd").asInt()).isEqualTo(-1);
    client.done(seal(EMPTY));
    assertThat(client.bytes(EMPTY)).isEmpty();
    assertThat(client.exists(EMPTY)).isFalse();
    client.done(message("drop_buffer_request", "id", EMPTY));
    client.delete(EMPTY);
    assertThat(client.bytes(EMPTY)).isEmpty();
    assertThat(client.refused(message("shrink_buffer_request", "id", EMPTY, "size", 1)))
        .isEqualTo(12);
  }

  @Test
  void blobsAreMadeTogetherOrNotAtAll() {
    RawJsonClient client = client();
    JsonNode reply = client.done(message("create_buffers_request", "sizes", ids(8, 0, 16)));
    assertThat(reply.get("num").asInt()).isEqualTo(3);
    assertThat(reply.get("fds")).hasSize(1);
    assertThat(reply.get("ids")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      JsonNode payload = reply.get("" + i);
      assertThat(payload).isEqualTo(reply.get("payloads").get(i));
      assertThat(bits(payload.get("object_id"))).isEqualTo(bits(reply.get("ids").get(i)));
    }
    assertThat(reply.get("1").get("data_size").asInt()).isZero();
    long usage = usage();
    JsonNode tooMuch = message("create_buffers_request", "sizes", ids(8, 8, CAPACITY_BYTES));
    assertThat(client.refused(tooMuch)).isEqualTo(41);
    assertThat(usage()).isEqualTo(usage);
  }

  /** The real client takes descriptors in the order of payloads, and expects ascending numbers. */
  @Test
  void newFilesOfBlobsAreAscendingInTheOrderOfTheBlobs() {
    RawJsonClient first = client();
    first.done(createBuffer(1000)); // makes a small file
    RawJsonClient client = client();
    JsonNode reply =
        client.done(message("create_buffers_request", "sizes", ids(SEGMENT_BYTES, 64, 64)));
    List<Integer> files = new ArrayList<>();
    for (JsonNode payload : reply.get("payloads")) {
      if (!files.contains(payload.get("store_fd").asInt())) {
        files.add(payload.get("store_fd").asInt());
      }
    }
    List<Integer> announced = new ArrayList<>();
    reply.get("fds").forEach(file -> announced.add(file.asInt()));
    assertThat(announced).isEqualTo(files).isSorted();
  }

  @Test
  void tooManyBlobsAtOnceAreRefused() {
    assertThat(client().refused(message("create_buffers_request", "sizes", new long[5000])))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"33554433", "4611686018427387904", "18446744073709551615"})
  void blobThatIsLargerThanTheStoreIsRefused(String size) {
    RawJsonClient client = client();
    client.say(Messages.frame("{\"type\":\"create_buffer_request\",\"size\":" + size + "}"));
    assertThat(client.failed(Messages.object("size", size))).isEqualTo(41);
    long id = client.blob((byte) 1);
    assertThat(client.bytes(id)).containsExactly(1);
    client.delete(id);
  }

  @Test
  void storeThatIsFullHasRoomAgainWhenSomethingGoes() {
    RawJsonClient client = client();
    long half = bits(client.done(createBuffer(CAPACITY_BYTES / 2)).get("id"));
    assertThat(client.refused(createBuffer(CAPACITY_BYTES * 3 / 4))).isEqualTo(41);
    client.done(message("drop_buffer_request", "id", half));
    client.done(createBuffer(CAPACITY_BYTES * 3 / 4));
  }

  @Test
  void unsealedBlobIsForNobodyElse() {
    RawJsonClient client = client();
    long id = bits(client.done(createBuffer(8)).get("id"));
    RawJsonClient other = client();
    assertThat(other.refused(getBuffers(id))).isEqualTo(14);
    JsonNode unsafe = message("get_buffers_request", "0", id, "num", 1, "unsafe", true);
    assertThat(other.done(unsafe).get("payloads").get(0).get("is_sealed").asBoolean()).isFalse();
    assertThat(other.exists(id)).isTrue();
    assertThat(other.done(getData(false, id)).get("content").isNull()).isTrue();
    client.close();
    Waits.until("the blob to go with its maker", () -> !other.exists(id));
  }

  @Test
  void sealingTwiceIsFine() {
    RawJsonClient client = client();
    long id = client.blob((byte) 1);
    client.done(seal(id));
    assertThat(client.refused(seal(id + 1000))).isEqualTo(12);
    client.delete(id);
  }

  @Test
  void onlyAnUnsealedBlobShrinks() {
    RawJsonClient client = client();
    long id = bits(client.done(createBuffer(100)).get("id"));
    assertThat(client.refused(message("shrink_buffer_request", "id", id, "size", 101)))
        .isEqualTo(1);
    client.done(message("shrink_buffer_request", "id", id, "size", 10));
    client.done(seal(id));
    assertThat(client.bytes(id)).hasSize(10);
    assertThat(client.refused(message("shrink_buffer_request", "id", id, "size", 5))).isEqualTo(13);
    assertThat(client.refused(message("shrink_buffer_request", "id", NOTHING | EMPTY, "size", 5)))
        .isEqualTo(12);
    client.delete(id);
  }

  @Test
  void blobIsDroppedSealedOrNot() {
    RawJsonClient client = client();
    long open = bits(client.done(createBuffer(100)).get("id"));
    long sealed = client.blob((byte) 1);
    for (long id : ids(open, sealed)) {
      client.done(message("drop_buffer_request", "id", id));
      assertThat(client.exists(id)).isFalse();
      assertThat(client.refused(message("drop_buffer_request", "id", id))).isEqualTo(12);
    }
  }

  @Test
  void missingBlobsAreLeftOutAndOthersAreAnsweredAsOftenAsAsked() {
    RawJsonClient client = client();
    long id = client.blob((byte) 1);
    JsonNode reply = client.done(getBuffers(id, NOTHING | EMPTY, id));
    assertThat(reply.get("num").asInt()).isEqualTo(2);
    assertThat(reply.get("payloads")).hasSize(2);
    assertThat(client.done(getBuffers()).get("num").asInt()).isZero();
    client.delete(id);
  }

  @Test
  void referencesAreCountedOncePerClient() {
    RawJsonClient client = client();
    RawJsonClient other = client();
    long id = client.blob((byte) 1);
    assertThat(other.refused(message("release_request", "object_id", id))).isEqualTo(2);
    other.done(message("increase_reference_count_request", "ids", ids(id, id, NOTHING)));
    other.done(message("release_request", "object_id", id));
    assertThat(other.refused(message("release_request", "object_id", id))).isEqualTo(12);
    client.done(message("release_request", "object_id", id));
    assertThat(client.refused(message("release_request", "object_id", id))).isEqualTo(2);
    assertThat(client.exists(id)).as("released by all").isTrue();
    client.delete(id);
  }

  /** Each client that goes while its blobs are being made, with one of them made already. */
  @Test
  void nothingStaysOfBlobsWhoseMakerGoesWhileTheyAreMade() {
    for (int i = 0; i < 8; i++) {
      RawJsonClient client = client();
      client.say(
          message("create_buffers_request", "sizes", ids(64, SEGMENT_BYTES + 4096L * i, 64)));
      client.close();
    }
    Waits.until("all clients gone", () -> status().clients() == 1);
  }

  // The instance.

  @Test
  void instanceKnowsItself() {
    RawJsonClient client = client();
    JsonNode all = client.done(message("cluster_meta")).get("meta");
    assertThat(all).hasSize(1);
    JsonNode own = all.get("i0");
    assertThat(own.get("ipc_socket").asText()).isEqualTo(socket().toString());
    assertThat(own.get("rpc_endpoint").asText()).matches("[^:]+:\\d+");
    for (String key : List.of("hostid", "hostname", "nodename", "timestamp")) {
      assertThat(own.has(key)).as(key).isTrue();
    }
    JsonNode status = client.done(message("instance_status_request")).get("meta");
    assertThat(status.get("memory_limit").asLong()).isEqualTo(CAPACITY_BYTES);
    assertThat(status.get("memory_usage").asLong()).isZero();
    assertThat(status.get("deployment").asText()).isEqualTo("local");
    assertThat(status.get("rpc_connections").asLong()).isZero();
    assertThat(status.get("ipc_connections").asLong()).isEqualTo(2);
    long id = client.blob(new byte[1000]);
    assertThat(usage()).isBetween(1000L, 2000L);
    client.delete(id);
    assertThat(usage()).isZero();
  }

  @Test
  void memoryCanBeGivenBack() {
    RawJsonClient client = client();
    long id = client.blob(new byte[1000]);
    JsonNode trim = message("memory_trim_request");
    assertThat(client.done(trim).get("trimmed").asBoolean()).isFalse();
    client.delete(id);
    assertThat(status().usedBytes()).isPositive();
    assertThat(client.done(trim).get("trimmed").asBoolean()).isTrue();
    assertThat(status().usedBytes()).isZero();
    id = client.blob((byte) 5);
    assertThat(client.bytes(id)).containsExactly(5);
    client.delete(id);
  }

  @Test
  void pagesAreKeptForLaterUnlessSomebodyNeedsTheMemory() {
    RawJsonClient client = client();
    JsonNode made = client.done(createBuffer(CAPACITY_BYTES / 2)).get("created");
    ByteBuffer memory = client.memory(made);
    memory.put(0, (byte) 5);
    client.done(message("drop_buffer_request", "id", bits(made.get("object_id"))));
    Waits.until("nothing is used", () -> status().usedBytes() == 0);
    assertThat(memory.get(0)).as("what is kept").isEqualTo((byte) 5);
    BlobWriter blob = Waits.value(store.createBlob(CAPACITY_BYTES));
    assertThat(memory.get(0)).as("what others needed").isZero();
    blob.abort();
    Waits.until("nothing is used", () -> status().usedBytes() == 0);
    client.delete(client.blob((byte) 5));
  }

  @Test
  void memoryGoesBackByItselfWhenAllHaveLeft() {
    RawJsonClient client = client();
    client.done(createBuffer(1000));
    client.close();
    Waits.untilIdle(store);
  }

  @Test
  void thingsAreInUseAndNotOnDisk() {
    RawJsonClient client = client();
    long id = client.blob((byte) 1);
    assertThat(client.done(message("is_in_use_request", "id", id)).get("is_in_use").asBoolean())
        .isTrue();
    assertThat(client.done(message("is_spilled_request", "id", id)).get("is_spilled").asBoolean())
        .isFalse();
    client.delete(id);
  }
}
