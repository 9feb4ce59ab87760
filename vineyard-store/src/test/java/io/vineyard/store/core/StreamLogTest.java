package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream as the tables see it; who waits for whom is up to the clients. */
class StreamLogTest {
  private final int segments = Segment.openCount();
  private final CoreStore store = CoreStore.ofDefaults();
  private final CoreClient writer = store.attach("writer");
  private final CoreClient reader = store.attach("reader");
  private final CoreClient next = store.attach("next");
  private ObjectId id;
  private long writing;
  private long segment;

  @BeforeEach
  void openStream() {
    open(StreamSpec.named("flights"));
  }

  private void open(StreamSpec spec) {
    id = writer.stream(spec);
    writing = writer.write(id);
    segment = writer.segment(CoreStore.SEGMENT_BYTES);
  }

  @AfterEach
  void nothingIsLeft() {
    for (CoreClient client : List.of(writer, reader, next)) {
      client.leave();
    }
    assertThat(store.core.status().leases()).as("leases").isZero();
    store.core.close();
    assertThat(Segment.openCount()).as("open segments").isEqualTo(segments);
  }

  private void publish(int chunks) {
    for (int i = 0; i < chunks; i++) {
      writer.publish(writing, segment, 10);
    }
  }

  private void finish() {
    writer.tell(new Command.EndStream(writing, 0, ""));
  }

  private StreamInfo info() {
    return ((Event.Stream) next.ask(number -> new Command.GetStream(number, id.value()))).info();
  }

  private List<Long> reclaimed() {
    return writer.all(Event.Reclaimed.class).stream()
        .flatMapToLong(event -> LongStream.of(event.positions()))
        .boxed()
        .toList();
  }

  @Test
  void windowIsHeldInChunks() {
    open(StreamSpec.create().windowChunks(2));
    publish(2);
    assertThat(writer.lost).isNull();
    publish(1);
    assertThat(writer.lost)
        .hasMessageContaining("window")
        .hasMessageContaining("beside 2 chunks and 20 bytes");
    assertThat(info().state()).isEqualTo(State.FAILED);
    assertThat(info().publishedChunks()).isEqualTo(2);
  }

  @Test
  void windowIsHeldInBytesAndALargeChunkPassesAlone() {
    open(StreamSpec.create().windowBytes(100));
    long reading = reader.read(id, 10);
    writer.publish(writing, segment, 5000);
    assertThat(writer.lost).isNull();
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0}));
    writer.publish(writing, segment, 60);
    writer.publish(writing, segment, 40);
    writer.publish(writing, -1, 0);
    assertThat(writer.lost).isNull();
    writer.publish(writing, segment, 1);
    assertThat(writer.lost).hasMessageContaining("beside 3 chunks and 100 bytes");
  }

  @Test
  void chunksOfALostReaderComeBeforeThoseNobodySaw() {
    long reading = reader.read(id, 3);
    publish(5);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {1}));
    reader.leave();
    assertThat(info().hasReader()).isFalse();
    assertThat(info().leasedChunks()).isZero();
    long second = next.read(id, Long.MAX_VALUE);
    assertThat(next.positions(second)).containsExactly(0L, 2L, 3L, 4L);
    assertThat(reclaimed()).containsExactly(1L);
    next.tell(new Command.ReleaseChunks(second, new long[] {0, 2, 3, 4}));
    assertThat(reclaimed()).containsExactly(1L, 0L, 2L, 3L, 4L);
  }

  @Test
  void readerThatLeavesKeepsWhatItSawAndNothingElse() {
    long reading = reader.read(id, 4);
    publish(4);
    reader.tell(new Command.CloseReader(reading, 2));
    assertThat(info().leasedChunks()).isEqualTo(2);
    long second = next.read(id, 10);
    assertThat(next.positions(second)).containsExactly(2L, 3L);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {1, 0}));
    assertThat(reader.lost).isNull();
    assertThat(reclaimed()).containsExactly(1L, 0L);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0}));
    assertThat(reader.lost).as("a handle that is used up").isNotNull();
  }

  @Test
  void readerThatLeftMayStillGiveBackWhatItDidNotUse() {
    long reading = reader.read(id, 3);
    publish(3);
    reader.tell(new Command.CloseReader(reading, 3));
    long second = next.read(id, 10);
    reader.tell(new Command.CloseReader(reading, 2));
    assertThat(next.positions(second)).containsExactly(2L);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0, 1}));
    assertThat(reader.lost).isNull();
    assertThat(reclaimed()).containsExactly(0L, 1L);
  }

  @Test
  void whatComesBackWhileTheNextReadsIsDeliveredToIt() {
    long reading = reader.read(id, 1);
    publish(1);
    reader.tell(new Command.CloseReader(reading, 1));
    long second = next.read(id, 10);
    publish(1);
    assertThat(next.positions(second)).containsExactly(1L);
    reader.leave();
    assertThat(next.positions(second)).containsExactly(1L, 0L);
  }

  @Test
  void nothingIsDeliveredAfterTheEnd() {
    long reading = reader.read(id, 1);
    publish(1);
    reader.tell(new Command.CloseReader(reading, 1));
    finish();
    long second = next.read(id, 10);
    assertThat(next.all(Event.StreamEnded.class)).hasSize(1);
    reader.leave();
    assertThat(next.positions(second)).isEmpty();
    next.tell(new Command.RequestChunks(second, 1));
    assertThat(next.positions(second)).isEmpty();
    next.tell(new Command.CloseReader(second, 0));
    long third = next.read(id, 10);
    assertThat(next.positions(third)).containsExactly(0L);
    assertThat(next.all(Event.StreamEnded.class)).hasSize(2);
    next.tell(new Command.ReleaseChunks(third, new long[] {0}));
    assertThat(store.core.status().streams()).isZero();
  }

  @Test
  void creditIsCappedAndUsedUp() {
    long reading = reader.read(id, 1);
    publish(3);
    assertThat(reader.positions(reading)).containsExactly(0L);
    reader.tell(new Command.RequestChunks(reading, Long.MAX_VALUE));
    reader.tell(new Command.RequestChunks(reading, Long.MAX_VALUE));
    publish(2);
    assertThat(reader.positions(reading)).containsExactly(0L, 1L, 2L, 3L, 4L);
    reader.tell(new Command.RequestChunks(reading, 0));
    assertThat(reader.lost).hasMessageContaining("at least 1 chunk, got 0");
  }

  @Test
  void droppedStreamFreesWhatNobodyHolds() {
    long reading = reader.read(id, 2);
    publish(4);
    next.ask(number -> new Command.DeleteObject(number, id.value()));
    assertThat(reclaimed()).containsExactly(2L, 3L);
    assertThat(reader.last(Event.StreamEnded.class).code())
        .isEqualTo(ErrorCode.STREAM_DROPPED.number());
    assertThat(writer.last(Event.WriterStopped.class).message()).contains("flights", "next");
    publish(1);
    assertThat(writer.lost).as("a chunk that was on its way").isNull();
    assertThat(reclaimed()).containsExactly(2L, 3L, 4L);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0}));
    reader.leave();
    assertThat(reclaimed()).containsExactly(2L, 3L, 4L, 0L, 1L);
    assertThat(store.core.status().names()).isZero();
  }

  @Test
  void lostWriterFailsTheStreamAfterItsChunks() {
    publish(2);
    writer.leave();
    assertThat(info().state()).isEqualTo(State.FAILED);
    long reading = reader.read(id, 1);
    assertThat(reader.all(Event.StreamEnded.class)).isEmpty();
    reader.tell(new Command.RequestChunks(reading, 1));
    assertThat(reader.last(Event.StreamEnded.class).code())
        .isEqualTo(ErrorCode.WRITER_LOST.number());
    assertThat(store.core.status().usedBytes()).isEqualTo(CoreStore.SEGMENT_BYTES);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0, 1}));
    assertThat(store.core.status().usedBytes()).isZero();
    assertThat(store.core.status().streams()).isZero();
  }

  @Test
  void eachStateRefusesWhatDoesNotFitIt() {
    assertThat(next.refused(n -> new Command.OpenWriter(n, id.value())).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    reader.read(id, 0);
    assertThat(next.refused(n -> new Command.OpenReader(n, id.value())).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    publish(1);
    writer.tell(new Command.EndStream(writing, ErrorCode.INVALID.number(), "no"));
    assertThat(next.refused(n -> new Command.OpenWriter(n, id.value())))
        .hasMessageContaining("flights")
        .hasMessageContaining("FAILED");
    publish(1);
    assertThat(writer.lost).as("a chunk after the end").isNotNull();
    next.ask(number -> new Command.DeleteObject(number, id.value()));
    assertThat(next.refused(n -> new Command.OpenReader(n, id.value())))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.STREAM_DRAINED))
        .hasMessageContaining("was dropped by next");
  }

  @Test
  void statisticsCountChunksAndBytes() {
    long reading = reader.read(id, 2);
    publish(3);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0}));
    StreamInfo info = info();
    assertThat(info.publishedChunks()).isEqualTo(3);
    assertThat(info.publishedBytes()).isEqualTo(30);
    assertThat(info.releasedChunks()).isEqualTo(1);
    assertThat(info.releasedBytes()).isEqualTo(10);
    assertThat(info.leasedChunks()).isEqualTo(1);
    assertThat(info.windowUsedChunks()).isEqualTo(2);
    assertThat(info.windowUsedBytes()).isEqualTo(20);
    assertThat(store.core.status().leases()).isEqualTo(1);
  }

  @Test
  void releasesThatAreNoLeasesEndTheirClientAlone() {
    long reading = reader.read(id, 1);
    publish(2);
    reader.tell(new Command.ReleaseChunks(reading, new long[] {0, 1}));
    assertThat(reader.lost).hasMessageContaining("got 1");
    assertThat(reclaimed()).as("what was right of it").containsExactly(0L);
    long second = next.read(id, 10);
    assertThat(next.positions(second)).containsExactly(1L);
    assertThat(writer.lost).isNull();
  }
}
