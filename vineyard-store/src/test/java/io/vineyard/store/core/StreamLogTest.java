package io.vineyard.store.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamInfo.State;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stream as the tables see it, and what becomes of its ring when somebody leaves. */
class StreamLogTest {
  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
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
    assertThat(Mapping.openCount()).as("open mappings").isEqualTo(mappings);
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

  @Test
  void chunksOfALostReaderComeBeforeThoseNobodySaw() {
    long reading = reader.read(id);
    publish(5);
    assertThat(List.of(reader.take(reading), reader.take(reading), reader.take(reading)))
        .containsExactly(0L, 1L, 2L);
    reader.release(reading, 1);
    reader.leave();
    assertThat(info().hasReader()).isFalse();
    assertThat(info().leasedChunks()).isZero();
    assertThat(writer.reclaim(writing)).isEqualTo(4);
    long second = next.read(id);
    List<Long> taken = next.takeAll(second);
    assertThat(taken).containsExactly(0L, 2L, 3L, 4L);
    taken.forEach(position -> next.release(second, position));
    assertThat(writer.reclaim(writing)).isZero();
  }

  @Test
  void readerThatLeavesKeepsWhatItHasAndNothingElse() {
    long reading = reader.read(id);
    publish(4);
    reader.take(reading);
    reader.take(reading);
    reader.tell(new Command.CloseReader(reading, false));
    assertThat(info().leasedChunks()).isEqualTo(2);
    long second = next.read(id);
    assertThat(next.takeAll(second)).containsExactly(2L, 3L);
    reader.release(reading, 1);
    reader.release(reading, 0);
    reader.tell(new Command.ReaderSettled(reading));
    assertThat(reader.lost).isNull();
    assertThat(writer.reclaim(writing)).isEqualTo(2);
    reader.tell(new Command.ReaderSettled(reading));
    assertThat(reader.lost).as("a handle that is used up").isNotNull();
  }

  @Test
  void whatAReaderSettlesWithoutReleasingGoesToTheNext() {
    long reading = reader.read(id);
    publish(2);
    reader.take(reading);
    reader.tell(new Command.CloseReader(reading, false));
    long second = next.read(id);
    reader.tell(new Command.ReaderSettled(reading));
    assertThat(next.all(Event.Returned.class)).hasSize(1);
    next.findReturned(second);
    assertThat(next.takeAll(second)).containsExactly(0L, 1L);
  }

  @Test
  void whatComesBackWhileTheNextReadsIsForIt() {
    long reading = reader.read(id);
    publish(1);
    reader.take(reading);
    reader.tell(new Command.CloseReader(reading, false));
    long second = next.read(id);
    publish(1);
    assertThat(next.takeAll(second)).containsExactly(1L);
    reader.leave();
    assertThat(next.last(Event.Returned.class).handle()).isEqualTo(second);
    next.findReturned(second);
    assertThat(next.takeAll(second)).containsExactly(0L);
  }

  @Test
  void endIsToldToEachReaderAndTheStreamGoesWhenAllIsReleased() {
    long reading = reader.read(id);
    publish(2);
    finish();
    assertThat(reader.last(Event.StreamEnded.class).code()).isZero();
    reader.take(reading);
    reader.tell(new Command.CloseReader(reading, false));
    long second = next.read(id);
    assertThat(next.all(Event.StreamEnded.class)).hasSize(1);
    assertThat(next.takeAll(second)).containsExactly(1L);
    next.release(second, 1);
    next.tell(new Command.CloseReader(second, true));
    assertThat(store.core.status().streams()).as("a chunk is held").isEqualTo(1);
    reader.release(reading, 0);
    reader.tell(new Command.ReaderSettled(reading));
    assertThat(store.core.status().streams()).isZero();
    assertThat(store.core.status().usedBytes()).as("with its ring").isPositive();
    assertThat(writer.reclaim(writing)).isZero();
    writer.tell(new Command.CloseWriter(writing));
    assertThat(store.core.status().usedBytes()).isEqualTo(CoreStore.SEGMENT_BYTES);
  }

  @Test
  void readerThatLeavesBeforeTheEndLeavesTheEndToTheNext() {
    long reading = reader.read(id);
    publish(1);
    finish();
    reader.tell(new Command.CloseReader(reading, true));
    assertThat(store.core.status().streams()).isEqualTo(1);
    long second = next.read(id);
    assertThat(next.takeAll(second)).containsExactly(0L);
    next.release(second, 0);
    next.tell(new Command.CloseReader(second, true));
    assertThat(store.core.status().streams()).isZero();
  }

  @Test
  void endsWakeEachOther() {
    long reading = reader.read(id);
    writer.tell(new Command.Wake(writing));
    assertThat(reader.last(Event.Wake.class).handle()).isEqualTo(reading);
    reader.tell(new Command.Wake(reading));
    assertThat(writer.last(Event.Wake.class).handle()).isEqualTo(writing);
    next.tell(new Command.Wake(4711));
    assertThat(next.lost).hasMessageContaining("got 4711");
  }

  @Test
  void droppedStreamFreesWhatNobodyHolds() {
    long reading = reader.read(id);
    publish(4);
    reader.take(reading);
    reader.take(reading);
    next.ask(number -> new Command.DeleteObject(number, id.value()));
    assertThat(writer.reclaim(writing)).isEqualTo(2);
    assertThat(reader.takeAll(reading)).isEmpty();
    assertThat(reader.last(Event.StreamEnded.class).code())
        .isEqualTo(ErrorCode.STREAM_DROPPED.number());
    assertThat(writer.last(Event.WriterStopped.class).message()).contains("flights", "next");
    publish(1);
    writer.tell(new Command.EndStream(writing, ErrorCode.STREAM_DROPPED.number(), ""));
    assertThat(writer.lost).as("a chunk that was on its way").isNull();
    assertThat(writer.reclaim(writing)).isEqualTo(2);
    reader.release(reading, 0);
    reader.leave();
    assertThat(writer.reclaim(writing)).isZero();
    assertThat(store.core.status().names()).isZero();
  }

  @Test
  void lostWriterFailsTheStreamAndItsChunksStay() {
    publish(2);
    writer.leave();
    assertThat(info().state()).isEqualTo(State.FAILED);
    long ring = store.core.status().usedBytes() - CoreStore.SEGMENT_BYTES;
    assertThat(ring).isPositive();
    long reading = reader.read(id);
    assertThat(reader.all(Event.SegmentShared.class)).hasSize(1);
    assertThat(reader.last(Event.StreamEnded.class).code())
        .isEqualTo(ErrorCode.WRITER_LOST.number());
    assertThat(reader.takeAll(reading)).containsExactly(0L, 1L);
    reader.release(reading, 0);
    assertThat(store.core.status().usedBytes()).isEqualTo(CoreStore.SEGMENT_BYTES + ring);
    reader.release(reading, 1);
    assertThat(store.core.status().segments()).isZero();
    reader.tell(new Command.CloseReader(reading, true));
    assertThat(store.core.status().usedBytes()).isZero();
    assertThat(store.core.status().streams()).isZero();
  }

  @Test
  void writerThatDiesWhileItPublishesLosesOnlyThatChunk() {
    publish(1);
    long reading = reader.read(id);
    writer.leave();
    assertThat(reader.takeAll(reading)).containsExactly(0L);
    assertThat(info().publishedChunks()).isEqualTo(1);
  }

  @Test
  void chunkWhoseSegmentNobodyHeardOfGoesWithItsWriter() {
    publish(1);
    writer.publishUnannounced(writing, 4711, 10);
    writer.leave();
    long reading = reader.read(id);
    assertThat(reader.takeAll(reading)).containsExactly(0L);
    reader.release(reading, 0);
    reader.tell(new Command.CloseReader(reading, true));
    assertThat(store.core.status().streams()).isZero();
    assertThat(store.core.status().usedBytes()).isZero();
  }

  @Test
  void writerIsWokenWhenItsReaderIsLost() {
    long reading = reader.read(id);
    publish(1);
    reader.take(reading);
    int wakes = writer.all(Event.Wake.class).size();
    reader.leave();
    assertThat(writer.all(Event.Wake.class)).hasSize(wakes + 1);
  }

  @Test
  void eachStateRefusesWhatDoesNotFitIt() {
    assertThat(next.refused(n -> new Command.OpenWriter(n, id.value())).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    reader.read(id);
    assertThat(next.refused(n -> new Command.OpenReader(n, id.value())).code())
        .isEqualTo(ErrorCode.STREAM_OPENED);
    writer.tell(new Command.EndStream(writing, ErrorCode.INVALID.number(), "no"));
    assertThat(next.refused(n -> new Command.OpenWriter(n, id.value())))
        .hasMessageContaining("flights")
        .hasMessageContaining("FAILED");
    next.ask(number -> new Command.DeleteObject(number, id.value()));
    assertThat(next.refused(n -> new Command.OpenReader(n, id.value())))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.STREAM_DRAINED))
        .hasMessageContaining("was dropped by next");
  }

  @Test
  void statisticsCountChunksAndBytes() {
    long reading = reader.read(id);
    publish(3);
    reader.take(reading);
    reader.take(reading);
    reader.release(reading, 0);
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
  void streamThatCannotHaveItsRingIsRefused() {
    store.refusal = ErrorCode.LIMIT_REACHED;
    long used = store.core.status().usedBytes();
    assertThat(next.refused(n -> new Command.CreateStream(n, StreamSpec.create())).code())
        .isEqualTo(ErrorCode.LIMIT_REACHED);
    store.refusal = null;
    StreamSpec large = StreamSpec.create().windowChunks(1 << 16);
    assertThat(next.refused(n -> new Command.CreateStream(n, large)))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY))
        .hasMessageContaining("asked for");
    assertThat(store.core.status().usedBytes()).isEqualTo(used);
    assertThat(store.core.status().streams()).isEqualTo(1);
  }

  @Test
  void ofTwoStreamsOfOneNameTheFirstThatIsThereWins() {
    store.slow = true;
    StreamSpec spec = StreamSpec.named("trains");
    next.tell(new Command.CreateStream(next.nextNumber(), spec));
    reader.tell(new Command.CreateStream(reader.nextNumber(), spec));
    store.makeOne();
    store.makeOne();
    assertThat(next.all(Event.Stream.class)).hasSize(1);
    assertThat(reader.last(Event.Failed.class).code()).isEqualTo(ErrorCode.OBJECT_EXISTS.number());
    assertThat(store.core.status().streams()).isEqualTo(2);
  }
}
