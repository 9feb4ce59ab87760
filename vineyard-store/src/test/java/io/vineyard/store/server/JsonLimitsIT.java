package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.bits;
import static io.vineyard.store.server.Messages.ids;
import static io.vineyard.store.server.Messages.message;
import static io.vineyard.store.server.Messages.meta;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vineyard.store.Waits;
import io.vineyard.store.core.StoreLimits;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What clients of Vineyard's dialect can have has its bounds, and is there again when some goes.
 */
class JsonLimitsIT extends JsonRules {
  /** Longer than it takes until they are set aside. */
  private static final Duration KEEP_FREED = Duration.ofSeconds(4);

  private static final int CLIENTS = 8;
  private static final int OBJECTS = 20;
  private static final int NAMES = 5;
  private static final int STREAMS = 5;
  private static final int META_BYTES = 10_000;
  private static final int NO_ROOM = 41;

  @Override
  BoundServer serve(Path socket) {
    StoreLimits usual = StoreLimits.of(CAPACITY_BYTES, SEGMENT_BYTES);
    StoreLimits limits =
        new StoreLimits(
            usual.capacityBytes(),
            usual.segmentBytes(),
            CLIENTS,
            OBJECTS,
            NAMES,
            STREAMS,
            usual.requestsPerClient(),
            usual.endsPerClient(),
            usual.nameBytes(),
            usual.headerBytes(),
            usual.metaDepth(),
            usual.metaObjects(),
            META_BYTES,
            usual.heldBytes());
    return EpollServer.bind(
        new ServerConfig(socket, limits, Waits.PATIENCE, Waits.PATIENCE, KEEP_FREED));
  }

  private static JsonNode next(long stream) {
    return message("get_next_stream_chunk_request", "id", stream, "size", 8);
  }

  private static JsonNode pull(long stream) {
    return message("pull_next_stream_chunk_request", "id", stream);
  }

  private static JsonNode stop(long stream) {
    return message("stop_stream_request", "id", stream, "failed", false);
  }

  private static JsonNode createObject() {
    return message("create_data_request", "content", meta("t"));
  }

  private static List<Long> fill(RawJsonClient client) {
    List<Long> made = new ArrayList<>();
    JsonNode reply = client.ask(createObject());
    while (!reply.has("code")) {
      made.add(bits(reply.get("id")));
      reply = client.ask(createObject());
    }
    assertThat(reply.get("code").asInt()).isEqualTo(NO_ROOM);
    return made;
  }

  private static void deleteAll(RawJsonClient client, List<Long> ids) {
    client.delete(ids.stream().mapToLong(Long::longValue).toArray());
  }

  @Test
  void clientsAreBounded() {
    List<RawJsonClient> all = new ArrayList<>();
    RawJsonClient last = stranger();
    while (status().clients() < CLIENTS) {
      all.add(client());
    }
    assertThat(last.refused(RawJsonClient.registration())).isEqualTo(NO_ROOM);
    all.get(0).close();
    Waits.until("one client less", () -> status().clients() < CLIENTS);
    last.done(RawJsonClient.registration());
  }

  @Test
  void objectsAndBlobsAreBounded() {
    RawJsonClient client = client();
    JsonNode create = message("create_buffer_request", "size", 8);
    long open = bits(client.done(create).get("id"));
    List<Long> made = fill(client);
    assertThat(made).hasSize(OBJECTS);
    assertThat(client.refused(create)).isEqualTo(NO_ROOM);
    JsonNode several = message("create_buffers_request", "sizes", ids(8, 8));
    assertThat(client.refused(several)).isEqualTo(NO_ROOM);
    JsonNode seal = message("seal_request", "object_id", open);
    assertThat(client.refused(seal)).isEqualTo(NO_ROOM);
    client.delete(made.remove(0));
    client.done(seal);
    client.delete(open);
    deleteAll(client, made);
  }

  @Test
  void chunkThatMayNotBeYetComesLater() {
    RawJsonClient client = client();
    client.done(message("create_stream_request", "object_id", 77));
    JsonNode first = client.done(next(77)).get("buffer");
    client.memory(first).put(0, (byte) 1);
    List<Long> made = fill(client);
    assertThat(client.refused(next(77))).isEqualTo(NO_ROOM);
    assertThat(client.refused(stop(77))).isEqualTo(NO_ROOM);
    client.delete(made.remove(0), made.remove(0));
    client.done(next(77));
    client.done(stop(77));
    long chunk = bits(client.done(pull(77)).get("chunk"));
    assertThat(client.bytes(chunk)).startsWith(1);
    client.done(pull(77));
    assertThat(client.refused(pull(77))).isEqualTo(42);
    client.done(message("drop_stream_request", "id", 77));
    deleteAll(client, made);
  }

  @Test
  void writerThatWaitsForMemoryIsToldThatThereMayNotBeOneMoreBlob() {
    RawJsonClient client = client();
    RawJsonClient writer = client();
    client.done(message("create_stream_request", "object_id", 77));
    JsonNode most = message("create_buffer_request", "size", CAPACITY_BYTES * 85 / 100);
    long blob = bits(client.done(most).get("id"));
    writer.say(next(77));
    assertWaits(writer);
    List<Long> made = fill(client);
    client.done(message("drop_buffer_request", "id", blob));
    assertThat(writer.failed(next(77))).isEqualTo(NO_ROOM);
    deleteAll(client, made);
    writer.done(next(77));
    client.done(message("drop_stream_request", "id", 77));
  }

  @Test
  void namesAreBounded() {
    RawJsonClient client = client();
    long id = client.create(meta("t"));
    client.done(message("persist_request", "id", id));
    for (int i = 0; i < NAMES; i++) {
      client.done(message("put_name_request", "object_id", id, "name", "n" + i));
    }
    assertThat(client.refused(message("put_name_request", "object_id", id, "name", "more")))
        .isEqualTo(NO_ROOM);
    client.done(message("put_name_request", "object_id", id, "name", "n0"));
    client.delete(id);
  }

  /** Streams that nobody drops are known for as long as somebody is there, read or not. */
  @Test
  void streamsAreBounded() {
    RawJsonClient client = client();
    for (long id = 1; id <= STREAMS; id++) {
      client.done(message("create_stream_request", "object_id", id));
      client.done(stop(id));
      assertThat(client.refused(pull(id))).isEqualTo(42);
    }
    assertThat(client.refused(message("create_stream_request", "object_id", 9))).isEqualTo(NO_ROOM);
    client.done(message("drop_stream_request", "id", 3L));
    client.done(message("create_stream_request", "object_id", 9));
    client.done(message("drop_stream_request", "id", 9));
  }

  @Test
  void treesAreBounded() {
    RawJsonClient client = client();
    JsonNode large = meta("t", "s", "x".repeat(META_BYTES));
    assertThat(client.refused(message("create_data_request", "content", large))).isEqualTo(21);
    ObjectNode deep = meta("t");
    for (int i = 0; i < 100; i++) {
      deep = meta("t").set("m", deep.put("id", Messages.text(1000 + i)));
    }
    assertThat(client.refused(message("create_data_request", "content", deep))).isEqualTo(21);
    JsonNode named = meta("t".repeat(5000));
    assertThat(client.refused(message("create_data_request", "content", named))).isEqualTo(21);
    assertThat(status().objects()).isZero();
  }

  /** A message of many parts takes many times its bytes to be understood. */
  @Test
  void messageOfTooManyPartsIsRefused() {
    RawJsonClient client = client();
    String parts = "4,".repeat(3_000_000);
    client.say(Messages.frame("{\"type\":\"get_data_request\",\"id\":[" + parts + "4]}"));
    assertThat(client.failed(Messages.object())).isEqualTo(1);
    assertThat(client.exists(4)).isFalse();
  }

  @Test
  void pagesAreNotKeptForLongerThanTheyMay() {
    RawJsonClient client = client();
    JsonNode made = client.done(message("create_buffer_request", "size", 8)).get("created");
    ByteBuffer memory = client.memory(made);
    memory.put(0, (byte) 5);
    client.done(message("drop_buffer_request", "id", bits(made.get("object_id"))));
    Waits.until("nothing is used", () -> status().usedBytes() == 0);
    assertThat(memory.get(0)).as("what is kept").isEqualTo((byte) 5);
    Waits.until("the pages to be gone", () -> memory.get(0) == 0);
    assertThat(status().segments()).isZero();
    client.delete(client.blob((byte) 5));
  }
}
