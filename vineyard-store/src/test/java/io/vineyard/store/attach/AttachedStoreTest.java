package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;
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
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingLayout;
import io.vineyard.store.ring.RingReader;
import io.vineyard.store.ring.RingWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

class AttachedStoreTest {
  private static final ObjectId STREAM = new ObjectId(77);
  private static final long SEGMENT_BYTES = 1 << 16;
  private static final RingLayout LAYOUT = RingLayout.of(256);

  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
  private final ScriptedLink link = new ScriptedLink();
  private final ObjectStore store = AttachedStore.attach(link, SEGMENT_BYTES);
  private final List<ChunkReader> readers = new ArrayList<>();

  private final Map<Long, Mapping> rings = new HashMap<>();

  @AfterEach
  void nothingIsLeft() {
    store.close();
    rings.values().forEach(Mapping::close);
    Waits.until("no segments", () -> Segment.openCount() == segments);
    Waits.until("no mappings", () -> Mapping.openCount() == mappings);
  }

  private static StreamInfo info() {
    return new StreamInfo(
        STREAM, StreamSpec.create(), StreamInfo.State.OPEN, 0, 0, 0, 0, 0, false, true);
  }

  /** Makes the ring of a new stream, and shares it with an end. */
  private static Mapping shareRing(ScriptedLink with, long handle) {
    Segment segment = Segment.create("ring", LAYOUT.sizeBytes());
    Mapping mapping = segment.map(Segment.Access.READ_WRITE);
    Ring.create(LAYOUT, Mapping.view(mapping.address(), LAYOUT.sizeBytes()));
    with.events().ringShared(new Event.RingShared(handle, 1, segment));
    return mapping;
  }

  private Ring ring(long handle) {
    return Ring.open(Mapping.view(rings.get(handle).address(), LAYOUT.sizeBytes()));
  }

  /** Opens a reader; returns its handle. */
  private long openReader(Runnable onAvailable) {
    var opened = store.openReader(STREAM, onAvailable).toFuture();
    List<Command.OpenReader> asked = link.sent(Command.OpenReader.class);
    long handle = asked.get(asked.size() - 1).handle();
    rings.put(handle, shareRing(link, handle));
    link.events().stream(new Event.Stream(handle, info()));
    readers.add(opened.join());
    return handle;
  }

  /** Opens a writer, to which the store gives no memory. */
  private ChunkWriter openWriter() {
    var opening = store.openWriter(STREAM).toFuture();
    long handle = link.sent(Command.OpenWriter.class).get(0).handle();
    rings.put(handle, shareRing(link, handle));
    link.events().stream(new Event.Stream(handle, info()));
    Command.LeaseSegment lease = link.sent(Command.LeaseSegment.class).get(0);
    int code = ErrorCode.NOT_ENOUGH_MEMORY.number();
    link.events().failed(new Event.Failed(lease.request(), code, "no memory"));
    return opening.join();
  }

  /** Publishes a chunk in segment 1 to a reader. */
  private void publish(long handle) {
    new RingWriter(ring(handle)).publish(Descriptor.of(10, new long[] {1}, ByteBuffer.allocate(0)));
    link.events().wake(new Event.Wake(handle));
  }

  private void share() {
    link.events().segmentShared(new Event.SegmentShared(1, Segment.create("test", SEGMENT_BYTES)));
  }

  @Test
  void ringThatComesWhileTheClientClosesIsUnmapped() {
    link.script(
        command -> {
          if (command instanceof Command.CloseReader) {
            shareRing(link, 4711).close();
          }
        });
    openReader(() -> {});
    store.close();
    shareRing(link, 4712).close();
  }

  @Test
  void chunkWaitsForThePreambleAndItsSegment() {
    AtomicInteger told = new AtomicInteger();
    long handle = openReader(told::incrementAndGet);
    ChunkReader reader = readers.get(0);
    reader.request(1);
    RingWriter writer = new RingWriter(ring(handle));
    writer.announcePreamble();
    writer.publish(Descriptor.of(10, new long[] {1}, ByteBuffer.allocate(0)));
    assertThat(reader.poll()).as("before the segment and the preamble").isNull();
    share();
    Waits.until("the segment mapped", () -> told.get() >= 2);
    assertThat(reader.poll()).as("before the preamble").isNull();
    link.events().preamble(new Event.Preamble(handle, ByteBuffer.allocate(0)));
    link.events().streamEnded(new Event.StreamEnded(handle, 0, ""));
    assertThat(reader.isEnded()).as("before the chunk").isFalse();
    assertThat(polled(reader)).isTrue();
    assertThat(reader.isEnded()).isTrue();
  }

  @Test
  void corruptedRingEndsItsReaderAlone() {
    long handle = openReader(() -> {});
    long other = openReader(() -> {});
    readers.get(0).request(1);
    readers.get(1).request(1);
    share();
    ByteBuffer memory = Mapping.view(rings.get(handle).address(), LAYOUT.sizeBytes());
    publish(handle);
    memory.putLong(64, 1L << 40);
    assertThat(readers.get(0).poll()).isNull();
    assertThat(readers.get(0).isEnded()).isTrue();
    assertThat(readers.get(0).failure().code()).isEqualTo(ErrorCode.PROTOCOL_ERROR);
    publish(other);
    Waits.until("a chunk for the other one", () -> polled(readers.get(1)));
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
    readers.forEach(reader -> reader.request(1));
    share();
    publish(broken);
    publish(sound);
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
    try (ChunkWriter writer = openWriter()) {
      long handle = link.sent(Command.OpenWriter.class).get(0).handle();
      AtomicBoolean reclaimed = new AtomicBoolean();
      writer.onRoom(
          () -> {
            throw new IllegalStateException("a listener that is broken, as this test has it");
          });
      writer.tryPublish(
          writer.draft().complete(ByteBuffer.allocate(0), 0, () -> reclaimed.set(true)));
      RingReader reader = new RingReader(ring(handle), 1);
      int slot = reader.peek();
      assertThat(reader.lease(slot)).isTrue();
      reader.release(slot, 0);
      link.events().wake(new Event.Wake(handle));
      Waits.until("the chunk is taken back", reclaimed::get);
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
    try (ChunkWriter writer = openWriter()) {
      ByteBuffer large = ByteBuffer.allocate(Descriptor.MOST_HEADER_BYTES + 1);
      assertThat(catchThrowable(() -> writer.preamble(large)))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
          .hasMessageContaining(String.valueOf(Descriptor.MOST_HEADER_BYTES));
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
    Mapping writersRing = shareRing(closing, writing);
    Mapping readersRing = shareRing(closing, reading);
    race.run(
        () -> {
          closing.events().stream(new Event.Stream(writing, info()));
          closing.events().stream(new Event.Stream(reading, info()));
        },
        client::close);
    writer.handle((end, error) -> checkOver(error, end == null ? null : end.failure())).join();
    reader.handle((end, error) -> checkOver(error, end == null ? null : end.failure())).join();
    writersRing.close();
    readersRing.close();
  }

  private static boolean checkOver(Throwable refused, VineyardException failure) {
    assertThat(refused == null ? failure : refused).isInstanceOf(StoreLostException.class);
    return true;
  }
}
