package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.ChunkBody;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class AttachedStoreTest {
  private static final ObjectId STREAM = new ObjectId(77);
  private static final long SEGMENT_BYTES = 1 << 16;

  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
  private final ScriptedLink link = new ScriptedLink();
  private final ObjectStore store = AttachedStore.attach(link, SEGMENT_BYTES);
  private final List<ChunkReader> readers = new ArrayList<>();

  @AfterEach
  void nothingIsLeft() {
    store.close();
    Waits.until("no segments", () -> Segment.openCount() == segments);
    Waits.until("no mappings", () -> Mapping.openCount() == mappings);
  }

  private static StreamInfo info() {
    return new StreamInfo(
        STREAM, StreamSpec.create(), StreamInfo.State.OPEN, 0, 0, 0, 0, 0, false, true);
  }

  /** Opens a reader whose segment 1 is mapped; returns its handle. */
  private long openReader(Runnable onAvailable) {
    var opened = store.openReader(STREAM, onAvailable).toFuture();
    List<Command.OpenReader> asked = link.sent(Command.OpenReader.class);
    long handle = asked.get(asked.size() - 1).handle();
    link.events().stream(new Event.Stream(handle, info()));
    readers.add(opened.join());
    return handle;
  }

  private static Event.Delivered chunk(long handle, long position) {
    return new Event.Delivered(
        handle,
        position,
        new ChunkBody(new long[] {1}, ChunkBody.NONE, 10, ByteBuffer.allocate(0)));
  }

  private void share() {
    link.events().segmentShared(new Event.SegmentShared(1, Segment.create("test", SEGMENT_BYTES)));
  }

  @Test
  void chunkThatComesWhileTheClientClosesIsNoBreachOfTheProtocol() {
    long first = openReader(() -> {});
    long second = openReader(() -> {});
    share();
    AtomicInteger delivered = new AtomicInteger();
    // One of the two is closed first, and the other still known then.
    link.script(
        command -> {
          if (command instanceof Command.CloseReader closing) {
            long other = closing.handle() == first ? second : first;
            delivered.incrementAndGet();
            link.events().delivered(chunk(other, 0));
          }
        });
    assertThatCode(store::close).doesNotThrowAnyException();
    assertThat(delivered).hasValue(2);
  }

  @Test
  void listenersThatThrowAreNotHeardAndTheOthersAre() {
    AtomicInteger told = new AtomicInteger();
    long broken =
        openReader(
            () -> {
              throw new IllegalStateException("a listener that is broken, as this test has it");
            });
    long sound = openReader(told::incrementAndGet);
    share();
    link.events().delivered(chunk(broken, 0));
    link.events().delivered(chunk(sound, 0));
    Waits.until("the sound one told", () -> told.get() > 0);
    Waits.until("a chunk for the broken one", () -> polled(readers.get(0)));
    Waits.until("a chunk for the sound one", () -> polled(readers.get(1)));
    link.events().streamEnded(new Event.StreamEnded(broken, 0, ""));
    link.events().streamEnded(new Event.StreamEnded(sound, 0, ""));
    assertThat(readers).allMatch(ChunkReader::isEnded);
  }

  private static boolean polled(ChunkReader reader) {
    try (var chunk = reader.poll()) {
      return chunk != null;
    }
  }

  @Test
  void writersWithBrokenListenersStillGetTheirRoom() {
    var opening = store.openWriter(STREAM).toFuture();
    long handle = link.sent(Command.OpenWriter.class).get(0).handle();
    link.events().stream(new Event.Stream(handle, info()));
    Command.LeaseSegment lease = link.sent(Command.LeaseSegment.class).get(0);
    link.events()
        .failed(
            new Event.Failed(lease.request(), ErrorCode.NOT_ENOUGH_MEMORY.number(), "no memory"));
    try (ChunkWriter writer = opening.join()) {
      AtomicBoolean reclaimed = new AtomicBoolean();
      writer.onRoom(
          () -> {
            throw new IllegalStateException("a listener that is broken, as this test has it");
          });
      writer.tryPublish(
          writer.draft().complete(ByteBuffer.allocate(0), 0, () -> reclaimed.set(true)));
      link.events().reclaimed(new Event.Reclaimed(handle, new long[] {0}));
      assertThat(reclaimed).isTrue();
      assertThat(writer.outstandingChunks()).isZero();
    }
  }

  @Test
  void waitForANameEndsWhenItsTimeIsOver() {
    AtomicInteger asked = new AtomicInteger();
    StepVerifier.withVirtualTime(
            () -> {
              ScriptedLink timed = new ScriptedLink();
              ObjectStore waiting = AttachedStore.attach(timed, SEGMENT_BYTES);
              timed.script(
                  command -> asked.addAndGet(command instanceof Command.CancelRequest ? 1 : 0));
              return waiting
                  .getName("late", Duration.ofSeconds(30))
                  .doFinally(e -> waiting.close());
            })
        .expectSubscription()
        .expectNoEvent(Duration.ofMillis(29_999))
        .thenAwait(Duration.ofMillis(1))
        .expectErrorSatisfies(
            error ->
                assertThat(error)
                    .isInstanceOfSatisfying(
                        VineyardException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMEOUT))
                    .hasMessageContaining("\"late\"")
                    .hasMessageContaining("PT30S"))
        .verify(Duration.ofSeconds(5));
    assertThat(asked).as("withdrawn requests").hasValue(1);
  }

  @Test
  void descriptionsThatNoStoreTakesAreRefusedBeforeTheyAreSent() {
    var opening = store.openWriter(STREAM).toFuture();
    long handle = link.sent(Command.OpenWriter.class).get(0).handle();
    link.events().stream(new Event.Stream(handle, info()));
    Command.LeaseSegment lease = link.sent(Command.LeaseSegment.class).get(0);
    link.events().failed(new Event.Failed(lease.request(), 41, "no memory"));
    try (ChunkWriter writer = opening.join()) {
      ByteBuffer large = ByteBuffer.allocate(ChunkBody.MOST_HEADER_BYTES + 1);
      assertThat(catchThrowable(() -> writer.preamble(large)))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
          .hasMessageContaining(String.valueOf(ChunkBody.MOST_HEADER_BYTES));
      assertThat(catchThrowable(() -> writer.draft().complete(large, 0, () -> {})))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID));
      assertThat(link.sent(Command.SetPreamble.class)).isEmpty();
    }
  }

  @Test
  void endsThatOpenWhileTheClientClosesKnowThatItsStoreIsGone() {
    try (Race race = new Race()) {
      for (int i = 0; i < 1000; i++) {
        openAndClose(race);
      }
    }
  }

  /** Forbidden: an end that was handed over, and waits for a store that is gone. */
  private static void openAndClose(Race race) {
    ScriptedLink closing = new ScriptedLink();
    ObjectStore client = AttachedStore.attach(closing, SEGMENT_BYTES);
    var writer = client.openWriter(STREAM).toFuture();
    var reader = client.openReader(STREAM, () -> {}).toFuture();
    long writing = closing.sent(Command.OpenWriter.class).get(0).handle();
    long reading = closing.sent(Command.OpenReader.class).get(0).handle();
    race.run(
        () -> {
          closing.events().stream(new Event.Stream(writing, info()));
          closing.events().stream(new Event.Stream(reading, info()));
        },
        client::close);
    writer.handle((end, error) -> checkOver(error, end == null ? null : end.failure())).join();
    reader.handle((end, error) -> checkOver(error, end == null ? null : end.failure())).join();
  }

  private static boolean checkOver(Throwable refused, VineyardException failure) {
    assertThat(refused == null ? failure : refused).isInstanceOf(StoreLostException.class);
    return true;
  }
}
