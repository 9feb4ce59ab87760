package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;
import io.vineyard.store.Logged;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.core.StoreLimits;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.protocol.binary.SegmentAnnounced;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that read late or never: what waits for them is bounded, and nobody else waits. */
class SlowClientIT {
  private static final int LARGE_BYTES = 200_000;
  private static final long MOST_DIRECT_BYTES = 64 << 20;

  private final Logged logged = new Logged("io.vineyard.store.server");
  private final int segments = Segment.openCount();
  @TempDir private Path folder;
  private BoundServer server;
  private Bystanders bystanders;

  private void bind(Duration stallTimeout) {
    StoreLimits limits = StoreLimits.of(16 << 20, 1 << 20);
    Path socket = folder.resolve("store.sock");
    server =
        EpollServer.bind(
            new ServerConfig(socket, limits, Waits.PATIENCE, stallTimeout, Duration.ZERO));
    bystanders = new Bystanders(socket);
    bystanders.awaitProgress();
  }

  private RawClient attach(String name) {
    return RawClient.attach(server.socket(), name);
  }

  @AfterEach
  void nobodyElseNoticed() {
    try (logged) {
      try (Bystanders leaving = bystanders) {
        assertThat(leaving.finish()).isPositive();
        Waits.untilIdle(leaving.store());
        Waits.until("2 clients", () -> Waits.value(leaving.store().status()).clients() == 2);
      }
      server.disposeNow(Waits.PATIENCE);
    }
    Waits.until("no segments", () -> Segment.openCount() == segments);
  }

  private void assertDropped(String words) {
    Waits.until(
        () -> "a line with \"" + words + "\" in " + logged.lines(),
        () -> logged.lines().stream().anyMatch(line -> line.contains(words)));
    assertThat(logged.lines())
        .singleElement()
        .asString()
        .startsWith("WARN Dropped client ")
        .contains(words);
  }

  /** Creates an object that takes many bytes to answer with. */
  private static long large(RawClient client) {
    ObjectMeta meta = ObjectMeta.builder("t").field("text", "x".repeat(LARGE_BYTES)).build();
    client.say(new Command.CreateObject(1, meta));
    return client.next(Event.Objects.class).metas().get(0).requireId().value();
  }

  @Test
  void clientThatStopsReadingIsDropped() {
    bind(Duration.ofMillis(500));
    long before = PlatformDependent.usedDirectMemory();
    long most = before;
    long id;
    try (RawClient client = attach("deaf")) {
      id = large(client);
      ByteBuf requests =
          RawClient.bytes(
              LongStream.range(2, 5000)
                  .mapToObj(number -> new Command.GetObject(number, id, false))
                  .toArray(Command[]::new));
      // A GiB of answers would come if somebody took them.
      while (requests.isReadable() && client.sayNow(requests) > 0) {
        most = Math.max(most, PlatformDependent.usedDirectMemory());
      }
      assertDropped("\"deaf\" (pid " + ProcessHandle.current().pid() + "): it does not read");
      most = Math.max(most, PlatformDependent.usedDirectMemory());
      // It is gone although it neither read nor closed.
      Waits.until("2 clients", () -> Waits.value(bystanders.store().status()).clients() == 2);
      assertThat(client.rest()).hasSizeLessThan(100);
    }
    assertThat(most - before).as("bytes of direct memory").isLessThan(MOST_DIRECT_BYTES);
    Waits.done(bystanders.store().delete(new ObjectId(id)));
  }

  @Test
  void clientThatReadsLateGetsAllAnswers() {
    bind(Waits.PATIENCE);
    try (RawClient client = attach("late")) {
      long id = large(client);
      ByteBuf requests =
          RawClient.bytes(
              LongStream.range(2, 300)
                  .mapToObj(number -> new Command.GetObject(number, id, false))
                  .toArray(Command[]::new));
      client.say(requests);
      bystanders.awaitProgress();
      for (long number = 2; number < 300; number++) {
        assertThat(client.next(Event.Objects.class).request()).isEqualTo(number);
      }
      client.say(new Command.DeleteObject(1000, id));
      client.next(Event.Done.class);
    }
    assertThat(logged.lines()).isEmpty();
  }

  @Test
  void readerThatReadsLateIsNotWokenEachTime() {
    bind(Waits.PATIENCE);
    try (RawClient writer = attach("writer");
        RawClient reader = attach("late")) {
      writer.say(new Command.CreateStream(1, StreamSpec.create()));
      long stream = writer.next(Event.Stream.class).info().id().value();
      writer.say(new Command.OpenWriter(2, stream));
      writer.await(Event.Stream.class);
      long id = large(reader);
      reader.say(new Command.OpenReader(3, stream));
      reader.await(Event.Stream.class);
      reader.say(
          LongStream.range(10, 300)
              .mapToObj(number -> new Command.GetObject(number, id, false))
              .toArray(Command[]::new));
      bystanders.awaitProgress();
      for (int i = 0; i < 10_000; i++) {
        writer.say(new Command.Wake(2));
      }
      writer.say(new Command.GetStatus(4));
      writer.await(Event.Status.class);
      reader.say(new Command.DeleteObject(1000, id), new Command.DeleteObject(1001, stream));
      List<Object> told = new ArrayList<>();
      do {
        told.add(reader.next());
      } while (!told.contains(new Event.Done(1001, 0)));
      assertThat(told).filteredOn(Event.Objects.class::isInstance).hasSize(290);
      assertThat(told)
          .filteredOn(new Event.Wake(3)::equals)
          .as("wakes out of 10,000")
          .hasSizeBetween(1, 1000);
    }
    assertThat(logged.lines()).isEmpty();
  }

  @Test
  void clientThatDiesWhileMuchWaitsForItGoesAtOnce() {
    bind(Duration.ofMinutes(1));
    long id;
    try (RawClient client = attach("doomed")) {
      id = large(client);
      client.say(
          LongStream.range(2, 300)
              .mapToObj(number -> new Command.GetObject(number, id, false))
              .toArray(Command[]::new));
    }
    Waits.until("2 clients", () -> Waits.value(bystanders.store().status()).clients() == 2);
    Waits.done(bystanders.store().delete(new ObjectId(id)));
    assertThat(logged.lines()).isEmpty();
  }

  @Test
  void clientThatTakesNoDescriptorsIsDropped() {
    bind(Duration.ofMillis(500));
    try (RawClient writer = attach("writer");
        RawClient reader = attach("blind")) {
      for (long number = 1; number < 2000 && logged.lines().isEmpty(); number++) {
        share(writer, reader, number);
      }
      assertDropped(
          "\"blind\" (pid "
              + ProcessHandle.current().pid()
              + "): it does not read: there is no room for one more descriptor");
    }
  }

  /** Has a segment shared that goes at once. */
  private static void share(RawClient writer, RawClient reader, long number) {
    writer.say(new Command.LeaseSegment(number, 4096, 4096));
    long segment = writer.await(SegmentAnnounced.class).id();
    writer.takeDescriptors();
    writer.say(new Command.SegmentMapped(segment), new Command.SealBlob(number, segment, 0, 10));
    long blob = writer.await(Event.Done.class).value();
    reader.say(
        new Command.GetObject(number, blob, true), new Command.ReleaseBlobs(new long[] {blob}));
    Object answer = reader.next();
    while (answer != null && !(answer instanceof Event.Objects)) {
      answer = reader.next();
    }
    writer.say(new Command.DeleteObject(number, blob), new Command.ReturnSegment(segment));
    writer.await(Event.Done.class);
  }
}
