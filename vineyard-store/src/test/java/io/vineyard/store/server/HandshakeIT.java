package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.Logged;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.message.Command;
import io.vineyard.store.protocol.binary.Handshake;
import io.vineyard.store.protocol.binary.HandshakeFrames;
import io.vineyard.store.protocol.binary.Preface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How clients and servers find out that they are not made for each other. */
class HandshakeIT {
  @TempDir private Path folder;

  private Path socket() {
    return folder.resolve("store.sock");
  }

  @Nested
  class Servers {
    private final Logged logged = new Logged("io.vineyard.store.server");
    private BoundServer server;
    private ObjectStore witness;

    @BeforeEach
    void bind() {
      bind(Waits.PATIENCE);
    }

    private void bind(Duration timeout) {
      StoreLimits limits = StoreLimits.of(1 << 20, 1 << 20);
      server =
          EpollServer.bind(new ServerConfig(socket(), limits, timeout, timeout, Duration.ZERO));
      witness = VineyardClient.create().socket(socket()).connectNow();
    }

    @AfterEach
    void dispose() {
      try (logged) {
        Waits.until("no other client", () -> Waits.value(witness.status()).clients() == 1);
        witness.close();
        server.disposeNow(Duration.ofSeconds(5));
        assertThat(logged.lines()).allMatch(line -> line.startsWith("WARN Dropped "));
      }
    }

    private void assertRefused(RawClient client, ErrorCode code, String words) {
      Handshake.Closed closed = client.end();
      assertThat(closed).as("the reason for the end").isNotNull();
      assertThat(ErrorCode.of(closed.code())).as(closed.message()).isEqualTo(code);
      assertThat(closed.message()).contains(words);
    }

    @Test
    void refuseOtherVersionsAndSayWhichThereAre() {
      try (RawClient newer = RawClient.connect(socket());
          RawClient older = RawClient.connect(socket())) {
        newer.say(new Handshake.Hello(2, 3, 1, "newer"));
        assertRefused(
            newer,
            ErrorCode.VERSION_MISMATCH,
            "expected a client that speaks one of the versions 1 to 1, got one that speaks 2 to 3");
        older.say(new Handshake.Hello(0, 0, 1, "older"));
        assertRefused(older, ErrorCode.VERSION_MISMATCH, "got one that speaks 0 to 0");
      }
    }

    @Test
    void refuseAnOtherPreface() {
      try (RawClient client = RawClient.connect(socket())) {
        ByteBuf preface = Unpooled.buffer();
        Preface.encode(preface);
        client.say(preface.setByte(6, 2));
        assertRefused(client, ErrorCode.VERSION_MISMATCH, "expected version 1 of");
      }
    }

    @Test
    void takeTheNewestVersionThatBothSpeak() {
      try (RawClient client = RawClient.connect(socket())) {
        client.say(new Handshake.Hello(0, 9, 1, "many"));
        assertThat(client.next(Handshake.Welcome.class).version()).isEqualTo(1);
      }
    }

    @Test
    void refuseWhatIsNoPreface() {
      try (RawClient client = RawClient.connect(socket())) {
        client.say(Unpooled.buffer().writeLongLE(-2));
        assertRefused(client, ErrorCode.PROTOCOL_ERROR, "expected the preface");
      }
    }

    /** Its first letters are the length of a message in Vineyard's dialect, and too large. */
    @Test
    void refuseWhatSpeaksNoDialect() {
      try (RawClient client = RawClient.connect(socket())) {
        client.say(Unpooled.copiedBuffer("GET / HTTP/1.1\r\n\r\n", StandardCharsets.US_ASCII));
        client.endOutput();
        assertThat(client.end()).as("what it is told, in no dialect at all").isNull();
      }
    }

    @Test
    void refuseCommandsBeforeTheClientIsAttached() {
      try (RawClient first = RawClient.connect(socket());
          RawClient welcomed = RawClient.connect(socket())) {
        ByteBuf bytes = Unpooled.buffer();
        Preface.encode(bytes);
        first.say(bytes.writeBytes(RawClient.bytes(new Command.GetStatus(1))));
        assertRefused(first, ErrorCode.PROTOCOL_ERROR, "expected a type of frame");
        welcomed.hello("welcomed");
        welcomed.next(Handshake.Welcome.class);
        welcomed.say(new Command.GetStatus(1));
        assertRefused(welcomed, ErrorCode.PROTOCOL_ERROR, "expected a type of frame");
      }
    }

    @Test
    void refuseHandshakesOutOfOrder() {
      try (RawClient twice = RawClient.connect(socket());
          RawClient late = RawClient.attach(socket(), "late");
          RawClient huge = RawClient.connect(socket())) {
        twice.hello("twice");
        twice.next(Handshake.Welcome.class);
        ByteBuf hello = Unpooled.buffer();
        HandshakeFrames.write(new Handshake.Hello(1, 1, 1, "again"), hello);
        twice.say(hello.duplicate());
        assertRefused(twice, ErrorCode.PROTOCOL_ERROR, "in state WELCOMED, got Hello");
        late.say(hello.duplicate());
        assertRefused(late, ErrorCode.PROTOCOL_ERROR, "expected a type of frame");
        huge.hello("x".repeat(20_000));
        assertRefused(huge, ErrorCode.PROTOCOL_ERROR, "at most 16384 bytes");
      }
    }

    @Test
    void refuseSecondConnectionsWithoutAToken() {
      try (RawClient client = RawClient.connect(socket());
          RawClient stranger = RawClient.connect(socket());
          RawClient thief = RawClient.connect(socket())) {
        client.hello("robbed");
        Handshake.Welcome welcome = client.next(Handshake.Welcome.class);
        long number = welcome.client();
        stranger.say(new Handshake.Attach(number + 1, welcome.tokenHigh(), welcome.tokenLow()));
        assertRefused(stranger, ErrorCode.PROTOCOL_ERROR, "expected the token of a client");
        thief.say(new Handshake.Attach(number, welcome.tokenHigh(), welcome.tokenLow() + 1));
        assertRefused(thief, ErrorCode.PROTOCOL_ERROR, "expected the token of a client");
        client.second(new Handshake.Attach(number, welcome.tokenHigh(), welcome.tokenLow()));
        client.next(Handshake.Ready.class);
        try (RawClient again = RawClient.connect(socket())) {
          again.say(new Handshake.Attach(number, welcome.tokenHigh(), welcome.tokenLow()));
          assertRefused(again, ErrorCode.PROTOCOL_ERROR, "expected the token of a client");
        }
      }
      Waits.until("1 client", () -> Waits.value(witness.status()).clients() == 1);
    }

    @Test
    void waitForHandshakesOnlySoLong() {
      witness.close();
      server.disposeNow(Waits.PATIENCE);
      bind(Duration.ofMillis(300));
      try (RawClient silent = RawClient.connect(socket());
          RawClient half = RawClient.connect(socket());
          RawClient alone = RawClient.connect(socket())) {
        half.say(Unpooled.wrappedBuffer(new byte[] {'V', 'Y', 'S'}));
        alone.hello("alone");
        alone.next(Handshake.Welcome.class);
        assertRefused(silent, ErrorCode.TIMEOUT, "the handshake took longer than PT0.3S");
        assertRefused(half, ErrorCode.TIMEOUT, "the handshake took longer");
        assertRefused(alone, ErrorCode.TIMEOUT, "the handshake took longer");
      }
    }

    @Test
    void boundStrangersAndRecover() {
      List<RawClient> strangers = new ArrayList<>();
      for (int i = 0; i < ServerConfig.MOST_STRANGERS; i++) {
        strangers.add(RawClient.connect(socket()));
      }
      VineyardClient polite = VineyardClient.create().socket(socket());
      VineyardException refusal = Waits.error(polite.connect());
      assertThat(refusal.code()).isEqualTo(ErrorCode.LIMIT_REACHED);
      assertThat(refusal).hasMessageContaining("have not said who they are");
      strangers.forEach(RawClient::close);
      Waits.until("the strangers to go", () -> connects(polite));
    }

    private boolean connects(VineyardClient client) {
      try {
        client.connectNow().close();
        return true;
      } catch (VineyardException e) {
        return false;
      }
    }

    @Test
    void keepTheirLogToLines() {
      try (RawClient client = RawClient.attach(socket(), "one\nERROR two \u001b[31m")) {
        client.say(Unpooled.buffer().writeLongLE(-1));
        assertRefused(client, ErrorCode.PROTOCOL_ERROR, "expected a frame");
      }
      assertThat(logged.lines()).hasSize(1);
      assertThat(logged.lines().get(0)).matches("WARN Dropped client \\d+ \"one ERROR two  .*");
    }
  }

  @Nested
  class Clients {
    private FakeServer server;

    @AfterEach
    void dispose() {
      server.close();
    }

    private void assertFails(ErrorCode code, String words) {
      assertFails(Waits.PATIENCE.dividedBy(2), code, words);
    }

    private void assertFails(Duration timeout, ErrorCode code, String words) {
      VineyardClient client = VineyardClient.create().socket(socket()).connectTimeout(timeout);
      VineyardException failure = Waits.error(client.connect());
      assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
      assertThat(failure).hasMessageContaining(words).hasMessageContaining(socket().toString());
    }

    @Test
    void sayWhichVersionsAServerHasThatRefusesThem() {
      Handshake.Closed refusal =
          new Handshake.Closed(
              ErrorCode.VERSION_MISMATCH.number(),
              "one of the versions 2 to 3, got one that speaks 1 to 1");
      server = FakeServer.answering(socket(), refusal);
      assertFails(ErrorCode.VERSION_MISMATCH, "one of the versions 2 to 3");
    }

    @Test
    void refuseAServerThatTakesAVersionOfItsOwn() {
      Handshake.Welcome welcome = new Handshake.Welcome(2, 1, 0, 0, 1 << 20, 1 << 20, 1);
      server = FakeServer.answering(socket(), welcome);
      assertFails(
          ErrorCode.VERSION_MISMATCH,
          "expected a store that speaks one of the versions 1 to 1, got one that speaks 2");
    }

    @Test
    void refuseAServerThatSaysSomethingElse() {
      server = FakeServer.answering(socket(), new Handshake.Ready(1));
      assertFails(ErrorCode.PROTOCOL_ERROR, "expected the answer to a handshake, got Ready");
    }

    @Test
    void refuseGarbage() {
      server =
          FakeServer.doing(
              socket(),
              channel ->
                  channel.writeAndFlush(
                      Unpooled.wrappedBuffer(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1})));
      assertFails(ErrorCode.PROTOCOL_ERROR, "it is no store, or one of another version");
    }

    @Test
    void refuseAServerThatHangsUp() {
      server = FakeServer.doing(socket(), Channel::close);
      assertFails(ErrorCode.CONNECTION_FAILED, "it ended the connection in the handshake");
    }

    @Test
    void waitOnlySoLongForAnAnswer() {
      server = FakeServer.doing(socket(), channel -> {});
      assertFails(Duration.ofMillis(300), ErrorCode.TIMEOUT, "no answer within PT0.3S");
    }
  }
}
