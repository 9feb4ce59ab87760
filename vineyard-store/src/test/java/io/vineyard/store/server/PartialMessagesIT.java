package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vineyard.store.Waits;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.protocol.json.JsonDialect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of Vineyard's dialect that begin to say something, and do not go on. */
class PartialMessagesIT {
  private static final int CLIENTS = (int) (PartialMessages.MOST_BYTES / JsonDialect.MOST_BYTES);

  private static final int LARGE_BYTES = JsonConnection.MOST_FIRST_BYTES + 1;

  @TempDir private Path folder;
  private final List<RawJsonClient> clients = new ArrayList<>();
  private BoundServer server;

  private void serve(Duration stallTimeout) {
    StoreLimits limits = StoreLimits.of(8L << 20, 1L << 20);
    Path socket = folder.resolve("store.sock");
    server =
        EpollServer.bind(
            new ServerConfig(socket, limits, Waits.PATIENCE, stallTimeout, Duration.ZERO));
  }

  private RawJsonClient client() {
    RawJsonClient client = RawJsonClient.register(server.socket());
    clients.add(client);
    return client;
  }

  @AfterEach
  void end() {
    clients.forEach(RawJsonClient::close);
    server.disposeNow(Waits.PATIENCE);
  }

  private static ByteBuf length(long bytes) {
    return Unpooled.buffer().writeLongLE(bytes);
  }

  private static void assertEnds(RawJsonClient client) {
    assertThat(client.next()).isNull();
  }

  private static void assertServed(RawJsonClient client) {
    client.done(message("instance_status_request"));
  }

  @Test
  void waitsForTheRestOnlySoLong() {
    serve(Duration.ofMillis(300));
    RawJsonClient idle = client();
    RawJsonClient half = client();
    RawJsonClient less = client();
    half.say(length(100).writeByte('{'));
    less.say(Unpooled.buffer().writeByte(100));
    assertEnds(half);
    assertEnds(less);
    assertServed(idle);
  }

  @Test
  void whatComesInPiecesIsServedHoweverOftenItDoes() {
    serve(Duration.ofMillis(300));
    RawJsonClient slow = client();
    ByteBuf frame = Messages.frame(message("instance_status_request"));
    long end = System.nanoTime() + Duration.ofMillis(600).toNanos();
    for (int i = 0; i < 3 || System.nanoTime() < end; i++) {
      slow.say(frame.slice(0, 9));
      slow.say(frame.slice(9, frame.readableBytes() - 9));
      assertThat(slow.next()).isNotNull();
    }
  }

  @Test
  void largeOnesAreBoundedTogether() {
    serve(Waits.PATIENCE);
    for (int i = 0; i < CLIENTS; i++) {
      client().say(length(JsonDialect.MOST_BYTES));
    }
    RawJsonClient small = client();
    small.say(length(100));
    RawJsonClient large = client();
    large.say(length(LARGE_BYTES));
    assertEnds(large);
    assertThat(small.isSilent()).isTrue();
    clients.get(0).close();
    Waits.until(
        "no client but those that wait", () -> Waits.value(server.status()).clients() == CLIENTS);
    RawJsonClient next = client();
    next.say(length(LARGE_BYTES));
    RawJsonClient whole = client();
    assertServed(whole);
    assertThat(next.isSilent()).isTrue();
  }
}
