package io.vineyard.store.client.json;

import static io.vineyard.store.client.json.FakeVineyardD.say;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.StoredObject;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client does while a server takes its time. */
@SuppressWarnings("try")
class PatienceIT {
  private static final ObjectId FAR = new ObjectId(1);
  private static final ObjectId COPY = new ObjectId(2);

  private static final String FAR_BLOB =
      """
      ,"bytes":{"id":"o8000000000000005","typename":"vineyard::Blob","instance_id":1}""";

  @TempDir private Path folder;

  private Path socket() {
    return folder.resolve("s");
  }

  private ObjectStore connect() {
    return VineyardClient.create().socket(socket()).connectNow();
  }

  private static String data(ObjectId id, String members) {
    return """
        {"type":"get_data_reply","content":{"%1$s":
        {"id":"%1$s","typename":"test::Leaf","instance_id":1%2$s}}}"""
        .formatted(id, members);
  }

  /** A server that has an object of another instance, and fetches it later. */
  private FakeVineyardD fetching(CompletableFuture<Channel> asked) {
    return FakeVineyardD.registering(
        socket(),
        (request, channel) -> {
          if (request.contains("\"migrate_object_request\"")) {
            asked.complete(channel);
          } else if (request.contains("\"get_data_request\"")) {
            boolean isFar = request.contains("[" + FAR.value() + "]");
            say(channel, isFar ? data(FAR, FAR_BLOB) : data(COPY, ""));
          } else {
            say(channel, "{\"type\":\"instance_status_reply\",\"meta\":{\"instance_id\":0}}");
          }
        });
  }

  @Test
  void nobodyElseWaitsForWhatIsFetched() {
    CompletableFuture<Channel> asked = new CompletableFuture<>();
    try (FakeVineyardD server = fetching(asked);
        ObjectStore store = connect()) {
      CompletableFuture<StoredObject> got = store.get(FAR).toFuture();
      assertThat(asked).succeedsWithin(Waits.PATIENCE);
      assertThat(Waits.value(store.status()).usedBytes()).isZero();
      say(asked.join(), "{\"type\":\"migrate_object_reply\",\"object_id\":" + COPY.value() + "}");
      assertThat(got).succeedsWithin(Waits.PATIENCE);
      got.join().close();
      assertThat(got.join().meta().id()).isEqualTo(COPY);
      Waits.until("no connection for it", () -> !asked.join().isOpen());
    }
  }

  @Test
  void closedClientFetchesNothing() {
    CompletableFuture<Channel> asked = new CompletableFuture<>();
    try (FakeVineyardD server = fetching(asked);
        ObjectStore store = connect()) {
      CompletableFuture<StoredObject> got = store.get(FAR).toFuture();
      assertThat(asked).succeedsWithin(Waits.PATIENCE);
      store.close();
      assertThat(got)
          .failsWithin(Waits.PATIENCE)
          .withThrowableThat()
          .withCauseInstanceOf(StoreLostException.class);
      Waits.until("no connection for it", () -> !asked.join().isOpen());
    }
  }
}
