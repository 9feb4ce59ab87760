package io.vineyard.store.client.json;

import static io.vineyard.store.client.json.FakeVineyardD.say;
import static io.vineyard.store.client.json.FakeVineyardD.send;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.protocol.json.JsonDialect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** What a client makes of a server that says what it must not. */
@SuppressWarnings("try")
class GarbageIT {
  private static final int FILE_BYTES = 4096;
  private static final byte[] NOTHING = {};
  private static final String STATUS =
      "{\"type\":\"instance_status_reply\",\"meta\":{\"instance_id\":0,"
          + "\"memory_limit\":1000}}";

  private static final List<Consumer<Channel>> GARBAGE =
      List.of(
          channel -> say(channel, NOTHING),
          channel -> say(channel, 1L << 62, NOTHING),
          channel -> say(channel, -1, NOTHING),
          channel -> say(channel, 100, new byte[50]),
          channel -> say(channel, new byte[] {'"', (byte) 0xc3, 0x28, '"'}),
          channel -> say(channel, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}),
          channel -> say(channel, "hello"),
          channel -> say(channel, "[]"),
          channel -> say(channel, "[".repeat(100_000)),
          channel -> say(channel, "{\"a\":".repeat(100_000)),
          channel -> say(channel, "{}"),
          channel -> say(channel, "{}{}"),
          channel -> say(channel, "{\"type\":7}"),
          channel -> say(channel, "{\"type\":null}"),
          channel -> say(channel, "{\"type\":\"exists_reply\",\"exists\":true}"),
          channel -> say(channel, "{\"code\":\"12\",\"message\":\"no\"}"),
          channel -> say(channel, "{\"code\":12,\"message\":[]}"));

  private static final List<String> WRONG_METADATA =
      List.of(
          "7",
          "[]",
          "\"text\"",
          "{\"o1\":7}",
          "{\"o1\":{}}",
          "{\"o1\":{\"id\":7,\"typename\":\"x\"}}",
          "{\"o1\":{\"id\":\"\",\"typename\":\"x\"}}",
          "{\"o1\":{\"id\":\"oxyz\",\"typename\":\"x\"}}",
          "{\"o1\":{\"id\":\"o1\",\"typename\":7}}",
          "{\"o1\":{\"typename\":\"x\"}}",
          "{\"o1\":{\"id\":\"o1\",\"typename\":\"x\",\"member\":{}}}");

  @TempDir private Path folder;
  private int segments;
  private int mappings;
  private long descriptors;

  @BeforeEach
  void count() {
    segments = Segment.openCount();
    mappings = Mapping.openCount();
    descriptors = descriptors();
  }

  @AfterEach
  void nothingIsLeft() {
    Waits.until("no more segments", () -> Segment.openCount() == segments);
    Waits.until("no more mappings", () -> Mapping.openCount() == mappings);
    Waits.until(
        () -> descriptors + " descriptors, there are " + descriptors(),
        () -> descriptors() <= descriptors);
  }

  /** Counts those of shared memory; the JVM and the fake server open others when they like. */
  private static long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(GarbageIT::isOurs).count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isOurs(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.startsWith("/memfd:");
    } catch (IOException e) {
      return false; // it was closed meanwhile
    }
  }

  private Path socket() {
    return folder.resolve("s");
  }

  private ObjectStore connect() {
    return VineyardClient.create()
        .socket(socket())
        .connectTimeout(Duration.ofSeconds(5))
        .connectNow();
  }

  /** Has the server answer a request; returns what it fails with. */
  private VineyardException failure(
      Function<ObjectStore, Mono<?>> request, Consumer<Channel> answer) {
    try (FakeVineyardD server =
            FakeVineyardD.registering(socket(), (asked, channel) -> answer.accept(channel));
        ObjectStore store = connect()) {
      VineyardException failure = Waits.error(request.apply(store));
      assertThat(failure.getMessage()).isNotBlank();
      return failure;
    }
  }

  @Test
  void isAnErrorInsteadOfARegistration() {
    for (Consumer<Channel> garbage : GARBAGE) {
      Consumer<Channel> thenEnd = garbage.andThen(Channel::close);
      try (FakeVineyardD server =
          new FakeVineyardD(socket(), (request, channel) -> thenEnd.accept(channel))) {
        VineyardException failure = Waits.error(VineyardClient.create().socket(socket()).connect());
        assertThat(failure.code())
            .as("%s", failure)
            .isIn(ErrorCode.CONNECTION_FAILED, ErrorCode.OBJECT_NOT_EXISTS);
      }
    }
  }

  @Test
  void endsTheConnectionInsteadOfAReply() {
    for (Consumer<Channel> garbage : GARBAGE) {
      VineyardException failure = failure(ObjectStore::status, garbage.andThen(Channel::close));
      assertThat(failure.code())
          .as("%s", failure)
          .isIn(ErrorCode.STORE_LOST, ErrorCode.OBJECT_NOT_EXISTS);
    }
  }

  @Test
  void metadataOfTheWrongTypesIsAnError() {
    for (String wrong : WRONG_METADATA) {
      VineyardException failure =
          failure(
              store -> store.getMeta(new ObjectId(1)),
              channel -> say(channel, "{\"type\":\"get_data_reply\",\"content\":" + wrong + "}"));
      assertThat(failure).as(wrong).isInstanceOf(StoreLostException.class);
    }
  }

  @Test
  void replyThatIsTooLongFailsItsRequestOnly() {
    int sizeBytes = JsonDialect.MOST_BYTES + 1;
    try (FakeVineyardD server =
            FakeVineyardD.registering(
                socket(),
                (request, channel) ->
                    say(
                        channel,
                        request.contains("\"list_data_request\"")
                            ? new byte[sizeBytes]
                            : STATUS.getBytes(StandardCharsets.UTF_8)));
        ObjectStore store = connect()) {
      var listed = store.list("*", 1000).collectList().toFuture();
      assertThat(Waits.value(store.status()).capacityBytes()).isEqualTo(1000);
      assertThat(Waits.error(Mono.fromFuture(listed)))
          .hasMessageContaining("" + JsonDialect.MOST_BYTES)
          .hasMessageContaining("" + sizeBytes)
          .extracting(VineyardException::code)
          .isEqualTo(ErrorCode.LIMIT_REACHED);
    }
  }

  @Test
  void replyThatIsTooLongEndsTheConnectionIfFilesMayFollow() {
    VineyardException failure =
        failure(
            store -> store.createBlob(100),
            channel -> say(channel, new byte[JsonDialect.MOST_BYTES + 1]));
    assertThat(failure).isInstanceOf(StoreLostException.class);
  }

  @Test
  void bytesWithoutARequestEndTheConnection() {
    try (FakeVineyardD server =
            FakeVineyardD.registering(
                socket(),
                (request, channel) -> {
                  say(channel, "{\"type\":\"exists_reply\",\"exists\":true}");
                  say(channel, "{}");
                });
        ObjectStore store = connect()) {
      assertThat(Waits.error(store.delete(new ObjectId(1)))).isInstanceOf(StoreLostException.class);
      assertThat(Waits.error(store.onClose())).isInstanceOf(StoreLostException.class);
    }
  }

  private static String created(int newFile, int file, long offset, long size, long mapSize) {
    return """
        {"type":"create_buffer_reply","id":9223372036854775813,"fd":%d,"created":
        {"object_id":9223372036854775813,"store_fd":%d,"data_offset":%d,"data_size":%d,
        "map_size":%d,"pointer":0}}"""
        .formatted(newFile, file, offset, size, mapSize);
  }

  private VineyardException creating(String reply, int sent) {
    return failure(
        store -> store.createBlob(100),
        channel -> {
          try (Segment file = Segment.create("garbage", FILE_BYTES)) {
            say(channel, reply);
            for (int i = 0; i < sent; i++) {
              send(channel, file.descriptor());
            }
          }
        });
  }

  @Test
  void blobsOutsideOfTheirFilesAreErrors() {
    long size = FILE_BYTES + 8;
    assertThat(creating(created(7, 7, FILE_BYTES - 50, 100, size), 1).code())
        .isEqualTo(ErrorCode.INVALID);
    assertThat(creating(created(7, 7, 1L << 62, 100, size), 1).code()).isEqualTo(ErrorCode.INVALID);
    assertThat(creating(created(7, 7, 0, 101, size), 1).code()).isEqualTo(ErrorCode.PROTOCOL_ERROR);
    assertThat(creating(created(-1, 7, 0, 100, size), 0).code())
        .isEqualTo(ErrorCode.PROTOCOL_ERROR);
  }

  @Test
  void wrongFilesEndTheConnection() {
    long size = FILE_BYTES + 8;
    List<String> wrong =
        List.of(
            created(7, 8, 0, 100, size),
            created(7, 7, 0, 100, size + 1),
            created(7, 7, 0, 100, 1L << 62),
            created(7, 7, 0, 100, 0));
    for (String reply : wrong) {
      assertThat(creating(reply, 1)).as(reply).isInstanceOf(StoreLostException.class);
    }
  }

  @Test
  void descriptorsThatNobodyAskedForEndTheConnection() {
    assertThat(creating("{\"type\":\"seal_reply\"}", 1)).isInstanceOf(StoreLostException.class);
    VineyardException failure =
        failure(
            store -> store.status().then(store.onClose()),
            channel -> {
              try (Segment file = Segment.create("garbage", FILE_BYTES)) {
                say(channel, STATUS);
                send(channel, file.descriptor());
              }
            });
    assertThat(failure).isInstanceOf(StoreLostException.class);
  }

  @Test
  void descriptorThatDoesNotComeEndsWithTheServer() {
    VineyardException failure =
        failure(
            store -> store.createBlob(100),
            channel -> {
              say(channel, created(7, 7, 0, 100, FILE_BYTES + 8));
              channel.close();
            });
    assertThat(failure).isInstanceOf(StoreLostException.class);
  }
}
