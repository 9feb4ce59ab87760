package io.vineyard.store.server;

import static io.vineyard.store.server.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.vineyard.store.Waits;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.Segment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a server sends to a client of Vineyard's dialect, on a connection that this test has. */
class JsonConnectionTest {
  /** A channel of which the pipeline has not heard yet that it is closed. */
  private static final class Closing extends EmbeddedChannel {
    private boolean closed;

    @Override
    public boolean isOpen() {
      return !closed && super.isOpen();
    }
  }

  private final Closing channel = new Closing();
  private int asked;
  private int sent;
  private boolean room;

  private boolean send(Channel to, int descriptor) {
    assertThat(to).isSameAs(channel);
    assertThat(descriptor).isPositive();
    asked++;
    sent += room ? 1 : 0;
    return room;
  }

  private void say(JsonNode message) {
    channel.writeInbound(Messages.frame(message));
    channel.runPendingTasks();
  }

  private void lookForRoom() {
    channel.advanceTimeBy(ServerConfig.ROOM_LOOK.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  @Test
  void noDescriptorIsSentOnAClosedConnection() {
    final int segments = Segment.openCount();
    StoreLimits limits = StoreLimits.of(4 << 20, 4096);
    ServerConfig config =
        new ServerConfig(Path.of("socket"), limits, Waits.PATIENCE, Waits.PATIENCE, Duration.ZERO);
    ServerLoop loop = new ServerLoop(config, channel.eventLoop(), Runnable::run, this::send);
    channel.pipeline().addLast(new ServerConnection(loop));
    channel.pipeline().fireChannelActive();
    say(RawJsonClient.registration());
    say(message("create_buffer_request", "size", 8));
    lookForRoom();
    assertThat(asked).as("tries to send a descriptor").isGreaterThan(1);
    room = true;
    channel.closed = true;
    lookForRoom();
    assertThat(sent).as("descriptors sent").isZero();
    channel.closed = false;
    channel.finishAndReleaseAll();
    loop.core.close();
    channel.runPendingTasks();
    assertThat(loop.core.status().clients()).as("clients").isZero();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
  }
}
