package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server in this JVM for clients of Vineyard's dialect. After each test nothing is left: whatever
 * it makes, it deletes, or the server does when the client goes.
 */
abstract class JsonRules {
  static final long CAPACITY_BYTES = 32L << 20;
  static final long SEGMENT_BYTES = 4L << 20;

  private final List<RawJsonClient> clients = new ArrayList<>();
  @TempDir private Path folder;
  private int segments;
  private int mappings;
  private BoundServer server;

  /** A client of our own dialect. */
  ObjectStore store;

  @BeforeEach
  final void bind() {
    segments = Segment.openCount();
    mappings = Mapping.openCount();
    server = serve(folder.resolve("store.sock"));
    store = server.connectNow();
  }

  /** Begins to listen. */
  BoundServer serve(Path socket) {
    return VineyardServer.create()
        .socket(socket)
        .capacity(CAPACITY_BYTES)
        .segmentBytes(SEGMENT_BYTES)
        .bindNow();
  }

  @AfterEach
  final void nothingIsLeft() {
    clients.forEach(RawJsonClient::close);
    Waits.until("no client but one of ours", () -> status().clients() == 1);
    try (RawJsonClient last = RawJsonClient.register(socket())) {
      StoreStatus[] now = new StoreStatus[1];
      Waits.until(
          () -> "an empty store, it is " + now[0],
          () -> {
            last.done(message("memory_trim_request"));
            now[0] = status();
            return isEmpty(now[0]);
          });
    }
    store.close();
    server.disposeNow(Waits.PATIENCE);
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
    assertThat(Mapping.openCount()).as("open mappings").isEqualTo(mappings);
  }

  private static boolean isEmpty(StoreStatus now) {
    return now.usedBytes() == 0
        && now.leases() == 0
        && now.objects() == 0
        && now.names() == 0
        && now.streams() == 0;
  }

  final StoreStatus status() {
    return Waits.value(store.status());
  }

  final Path socket() {
    return server.socket();
  }

  /** Connects a client, which is closed after the test. */
  final RawJsonClient client() {
    return known(RawJsonClient.register(socket()));
  }

  /** Connects a client that has not said who it is. */
  final RawJsonClient stranger() {
    return known(RawJsonClient.connect(socket()));
  }

  private RawJsonClient known(RawJsonClient client) {
    clients.add(client);
    return client;
  }

  /** Waits until whatever was sent before was read, and what it led to was done. */
  final void settle() {
    try (RawJsonClient other = RawJsonClient.register(socket())) {
      for (int i = 0; i < 4; i++) {
        other.done(message("instance_status_request"));
      }
    }
  }

  final void assertWaits(RawJsonClient client) {
    settle();
    assertThat(client.isSilent()).as("the request waits").isTrue();
  }

  /** Returns what a status says. */
  final long usage() {
    try (RawJsonClient other = RawJsonClient.register(socket())) {
      return other
          .done(message("instance_status_request"))
          .get("meta")
          .get("memory_usage")
          .asLong();
    }
  }
}
