package io.vineyard.store.protocol.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written in Vineyard's dialect is read again as it was. */
class JsonDialectTest {
  private static final JsonDialect DIALECT = new JsonDialect(0);
  private static final ObjectId ID = new ObjectId(77);
  private static final ObjectId BLOB = new ObjectId(-9);
  static final ObjectMeta META =
      ObjectMeta.builder("my::Thing")
          .field("n", 3L)
          .field("x", 1.5)
          .field("s", "ä€😀\0")
          .field("b", true)
          .member("m", ObjectMeta.reference(ID))
          .build();
  private static final Payload PAYLOAD = new Payload(BLOB, 3, 64, 100, (1 << 20) + 8, true);

  private record Exchange(Request request, Reply reply) {
    @Override
    public String toString() {
      return request.getClass().getSimpleName() + " " + reply.getClass().getSimpleName();
    }
  }

  static List<Request> requests() {
    return List.of(
        new Request.Register("0.24.2", 1, 0, 0),
        new Request.Register("0.0.0", 2, -5, 1),
        new Request.Exit(),
        new Request.CreateBuffer(0),
        new Request.CreateBuffer(Long.MAX_VALUE),
        new Request.CreateBuffers(List.of()),
        new Request.CreateBuffers(List.of(1L, 0L, 1L << 40)),
        new Request.Seal(BLOB),
        new Request.ShrinkBuffer(BLOB, 5),
        new Request.DropBuffer(BLOB),
        new Request.GetBuffers(List.of(), false),
        new Request.GetBuffers(List.of(BLOB, ObjectId.EMPTY_BLOB, BLOB), true),
        new Request.IncreaseReferences(List.of(BLOB, ID)),
        new Request.Release(BLOB),
        new Request.GetData(List.of(ID, BLOB), true, false),
        new Request.GetData(List.of(), false, true),
        new Request.ListData("*", false, 5),
        new Request.DeleteData(List.of(ID, BLOB), true, false, true, false),
        new Request.DeleteData(List.of(ID), false, true, false, true),
        new Request.Exists(BLOB),
        new Request.Persist(ID),
        new Request.IfPersist(ID),
        new Request.Label(ID, Map.of("k", "\"v\"")),
        new Request.Clear(),
        new Request.MemoryTrim(),
        new Request.PutName(ID, "a/b~c"),
        new Request.GetName("", true),
        new Request.ListName("a.*", true, Long.MAX_VALUE),
        new Request.DropName("ä"),
        new Request.CreateStream(ID),
        new Request.OpenStream(ID, 3),
        new Request.NextChunk(ID, 1000),
        new Request.PushChunk(ID, BLOB),
        new Request.PullChunk(ID),
        new Request.StopStream(ID, true),
        new Request.DropStream(ID),
        new Request.ClusterMeta(),
        new Request.InstanceStatus(),
        new Request.Migrate(ID),
        new Request.ShallowCopy(ID, ObjectMeta.builder("").field("k", "v").build()),
        new Request.IsInUse(BLOB),
        new Request.IsSpilled(BLOB));
  }

  static List<Exchange> exchanges() {
    Reply.DataCreated created = new Reply.DataCreated(ID, 76, -1);
    return List.of(
        new Exchange(
            new Request.Register("0", 1, 0, 0),
            new Reply.Registered("/run/v.sock", "host:9600", -1, 0, "0.24.4", false, 1)),
        new Exchange(new Request.CreateBuffer(100), new Reply.BufferCreated(PAYLOAD, 3)),
        new Exchange(new Request.CreateBuffer(0), new Reply.BufferCreated(Payload.EMPTY, -1)),
        new Exchange(
            new Request.CreateBuffers(List.of(100L, 0L)),
            new Reply.BuffersCreated(List.of(PAYLOAD, Payload.EMPTY), List.of(3))),
        new Exchange(
            new Request.GetBuffers(List.of(BLOB), false),
            new Reply.Buffers(List.of(PAYLOAD, PAYLOAD), List.of())),
        new Exchange(
            new Request.GetBuffers(List.of(BLOB), false), new Reply.Buffers(List.of(), List.of())),
        new Exchange(new Request.CreateData(META), created),
        new Exchange(
            new Request.CreateDatas(List.of(META, META)),
            new Reply.DatasCreated(List.of(created, created))),
        new Exchange(new Request.GetData(List.of(ID), false, false), new Reply.Data(Map.of())),
        new Exchange(new Request.ListData("*", false, 5), new Reply.Data(Map.of())),
        new Exchange(
            new Request.DeleteData(List.of(ID), false, true, false, true),
            new Reply.Deleted(List.of(BLOB))),
        new Exchange(new Request.Exists(ID), new Reply.Truth(Request.Exists.class, true)),
        new Exchange(new Request.IfPersist(ID), new Reply.Truth(Request.IfPersist.class, false)),
        new Exchange(new Request.MemoryTrim(), new Reply.Truth(Request.MemoryTrim.class, true)),
        new Exchange(new Request.IsInUse(ID), new Reply.Truth(Request.IsInUse.class, true)),
        new Exchange(new Request.IsSpilled(ID), new Reply.Truth(Request.IsSpilled.class, true)),
        new Exchange(new Request.GetName("n", false), new Reply.Named(BLOB)),
        new Exchange(
            new Request.ListName("*", false, 5), new Reply.Names(Map.of("a/b", ID, "", BLOB))),
        new Exchange(new Request.NextChunk(ID, 100), new Reply.ChunkCreated(PAYLOAD, -1)),
        new Exchange(new Request.PullChunk(ID), new Reply.Chunk(BLOB)),
        new Exchange(
            new Request.ClusterMeta(),
            new Reply.Cluster(
                List.of(
                    new Reply.Instance(0, "h", "n", "h:1", "/s", 9),
                    new Reply.Instance(-2, "h", "n", "h:2", "/t", 1L << 62)))),
        new Exchange(
            new Request.InstanceStatus(), new Reply.Status(7, "local", 1, 1L << 40, 2, 3, 4)),
        new Exchange(new Request.Migrate(ID), new Reply.Migrated(ID)),
        new Exchange(
            new Request.ShallowCopy(ID, ObjectMeta.builder("").build()), new Reply.Copied(ID)));
  }

  private static ByteBuf body(ByteBuf frame) {
    long length = frame.readLongLE();
    assertThat(length).as("length before the body").isEqualTo(frame.readableBytes());
    return frame;
  }

  private static ByteBuf bytes(Request request) {
    ByteBuf out = Unpooled.buffer();
    DIALECT.write(request, out);
    return body(out);
  }

  private static ByteBuf bytes(Reply reply) {
    ByteBuf out = Unpooled.buffer();
    DIALECT.write(reply, out);
    return body(out);
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
  }

  private static JsonNode json(ByteBuf body) {
    try {
      return new ObjectMapper().readTree(body.toString(StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new AssertionError(body.toString(StandardCharsets.UTF_8), e);
    }
  }

  @ParameterizedTest
  @MethodSource("requests")
  void requestIsReadAsItWasWritten(Request request) {
    assertThat(DIALECT.readRequest(bytes(request))).isEqualTo(request);
  }

  @ParameterizedTest
  @MethodSource("exchanges")
  void replyIsReadAsItWasWritten(Exchange exchange) {
    Reply read = DIALECT.readReply(exchange.request(), bytes(exchange.reply()));
    assertThat(read).isEqualTo(exchange.reply());
  }

  @Test
  void requestsOfWhichThereIsNothingToSayAreDone() {
    Set<Class<?>> told =
        exchanges().stream().map(one -> one.request().getClass()).collect(Collectors.toSet());
    for (Request request : requests()) {
      boolean hasFeedback = request instanceof Request.DeleteData one && one.feedback();
      if (!told.contains(request.getClass()) && !(request instanceof Request.Exit)) {
        Reply done = new Reply.Done(request.getClass());
        assertThat(DIALECT.readReply(request, bytes(done))).isEqualTo(done);
      } else if (request instanceof Request.DeleteData && !hasFeedback) {
        Reply done = new Reply.Done(request.getClass());
        assertThat(DIALECT.readReply(request, bytes(done))).isEqualTo(done);
      }
    }
  }

  /** The lists above are complete. */
  @Test
  void everyRequestAndReplyIsTested() {
    Set<Class<?>> requests =
        Stream.concat(
                requests().stream(),
                Stream.of(
                    new Request.CreateData(META),
                    new Request.CreateDatas(List.of()),
                    new Request.Other("")))
            .map(Object::getClass)
            .collect(Collectors.toSet());
    assertThat(requests).containsExactlyInAnyOrder(Request.class.getPermittedSubclasses());
    Set<Class<?>> replies =
        exchanges().stream().map(one -> one.reply().getClass()).collect(Collectors.toSet());
    assertThat(Arrays.stream(Reply.class.getPermittedSubclasses()))
        .filteredOn(kind -> !replies.contains(kind))
        .containsExactlyInAnyOrder(Reply.Failed.class, Reply.Done.class);
  }

  @Test
  void metadataIsReadAsItWasWritten() {
    ObjectMeta blob = ObjectMeta.blob(BLOB, 100);
    ObjectMeta whole =
        META.toBuilder()
            .id(ID)
            .members(Map.of("m", META.toBuilder().id(new ObjectId(78)).build(), "data_", blob))
            .persistent(true)
            .build();
    Reply reply = new Reply.Data(Map.of(ID, whole));
    JsonNode written = json(bytes(reply));
    Request request = new Request.GetData(List.of(ID), false, false);
    Reply read = DIALECT.readReply(request, bytes(reply));
    assertThat(json(bytes(read))).isEqualTo(written);
    ObjectMeta meta = ((Reply.Data) read).content().get(ID);
    assertThat(meta.isPersistent()).isTrue();
    assertThat(meta.fields()).containsAllEntriesOf(META.fields());
    assertThat(meta.members().get("data_").id()).isEqualTo(BLOB);
    JsonNode tree = written.get("content").get(ID.toString());
    for (JsonNode one : List.of(tree, tree.get("m"), tree.get("data_"))) {
      for (String key :
          List.of("id", "typename", "instance_id", "nbytes", "transient", "signature")) {
        assertThat(one.has(key)).as("%s in %s", key, one).isTrue();
      }
    }
  }

  @Test
  void newObjectsAreReadAsTheyWereWritten() {
    for (Request request :
        List.of(new Request.CreateData(META), new Request.CreateDatas(List.of(META, META)))) {
      Request read = DIALECT.readRequest(bytes(request));
      assertThat(json(bytes(read))).isEqualTo(json(bytes(request)));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "[1,\"a\",null,[2.5]]",
        "18446744073709551615",
        "123456789012345678901234567890",
        "\"\\u0000json:[1]\"",
        "-1",
        "1.0E100",
        "\"\""
      })
  void fieldOfAnyKindIsWrittenAsItCame(String value) {
    String content =
        "{\"typename\":\"t\",\"instance_id\":0,\"nbytes\":0,\"transient\":true,\"f\":"
            + value
            + "}";
    ByteBuf body = bytes("{\"type\":\"create_data_request\",\"content\":" + content + "}");
    Request read = DIALECT.readRequest(body);
    assertThat(json(bytes(read)).get("content").get("f")).isEqualTo(json(bytes(value)));
  }

  /** What stands for JSON can be made up by whoever makes objects in Java. */
  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{}", "1 2", "1,\"x\":2", "[1", "\"\\ud800\"", "nul"})
  void madeUpJsonIsText(String raw) {
    ObjectMeta meta = ObjectMeta.builder("t").field("f", MetaJson.RAW + raw).build();
    JsonNode written = json(bytes(new Request.CreateData(meta)));
    assertThat(written.get("content").get("f").asText()).isEqualTo(MetaJson.RAW + raw);
  }

  @Test
  void halvesOfCharactersAreReplaced() {
    ObjectMeta meta = ObjectMeta.builder("\ud800").field("\udc00", "a\ud800\ud83d\ude00").build();
    JsonNode content = json(bytes(new Request.CreateData(meta))).get("content");
    assertThat(content.get("typename").asText()).isEqualTo("\ufffd");
    assertThat(content.get("\ufffd").asText()).isEqualTo("a\ufffd\ud83d\ude00");
    assertThat(json(bytes(new Reply.Failed(1, "\udfff"))).get("message").asText())
        .isEqualTo("\ufffd");
  }

  @Test
  void idsAreUnsignedAndMayBeNegativeWhenRead() {
    JsonNode written = json(bytes(new Request.Seal(new ObjectId(-9))));
    assertThat(written.get("object_id").asText()).isEqualTo("18446744073709551607");
    Request read = DIALECT.readRequest(bytes("{\"type\":\"seal_request\",\"object_id\":-9}"));
    assertThat(read).isEqualTo(new Request.Seal(new ObjectId(-9)));
  }

  @Test
  void oldClientsAreUnderstood() {
    assertThat(DIALECT.readRequest(bytes("{\"type\":\"register_request\",\"version\":\"0.0.0\"}")))
        .isEqualTo(new Request.Register("0.0.0", 1, 0, 0));
    assertThat(DIALECT.readRequest(bytes("{\"type\":\"get_buffers_request\",\"num\":1,\"0\":-9}")))
        .isEqualTo(new Request.GetBuffers(List.of(BLOB), false));
    assertThat(DIALECT.readRequest(bytes("{\"type\":\"get_data_request\",\"id\":[77]}")))
        .isEqualTo(new Request.GetData(List.of(ID), false, false));
    assertThat(DIALECT.readRequest(bytes("{\"type\":\"unheard_of\",\"id\":[77]}")))
        .isEqualTo(new Request.Other("unheard_of"));
  }

  @Test
  void lastOfSeveralValuesCounts() {
    ByteBuf body = bytes("{\"type\":\"seal_request\",\"object_id\":1,\"object_id\":77}");
    assertThat(DIALECT.readRequest(body)).isEqualTo(new Request.Seal(ID));
  }

  @Test
  void failureIsThrownWithItsCodeAndText() {
    Reply failed = new Reply.Failed(41, "no room");
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readReply(new Request.CreateBuffer(1), bytes(failed)))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY))
        .withMessageContaining("no room");
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readReply(new Request.CreateBuffer(1), bytes("{\"code\":99}")))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN));
  }

  @Test
  void requestsMayHaveFewerPartsThanReplies() {
    String many = ",\"x\":[" + "0,".repeat(3 << 19) + "0]}";
    ByteBuf reply = bytes("{\"type\":\"exists_reply\",\"exists\":true" + many);
    assertThat(DIALECT.readReply(new Request.Exists(ID), reply))
        .isEqualTo(new Reply.Truth(Request.Exists.class, true));
    ByteBuf request = bytes("{\"type\":\"exists_request\",\"id\":77" + many);
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> DIALECT.readRequest(request))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
        .withMessageContaining("Token count");
  }

  @Test
  void replyToSomethingElseIsNone() {
    Reply done = new Reply.Done(Request.Seal.class);
    for (Request request : requests()) {
      if (!(request instanceof Request.Seal)) {
        assertThatExceptionOfType(VineyardException.class)
            .as("%s", request)
            .isThrownBy(() -> DIALECT.readReply(request, bytes(done)))
            .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.PROTOCOL_ERROR));
      }
    }
  }
}
