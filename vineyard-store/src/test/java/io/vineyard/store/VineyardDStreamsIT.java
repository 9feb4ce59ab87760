package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ChunkWriter.Result;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The contracts of streams, on clients of a Vineyard server that is none of ours. What is
 * overridden here is what such a server does otherwise.
 */
class VineyardDStreamsIT extends VineyardDFixture
    implements StreamContract, WriterContract, ReaderContract {

  // A stream has one reader in its life. When that leaves, it is dropped, and its object stays.

  private void assertReaderThatLeavesDropsTheStream() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(3, 10);
      try (ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
        assertThat(reader.numbers(1)).containsExactly(0L);
      }
      Waits.until("a dropped stream", () -> writer.offer(10) == Result.CANCELLED);
      assertThat(writer.writer().failure()).satisfies(code(ErrorCode.STREAM_DROPPED));
      done(writer.writer().onDrained());
      assertThat(error(other().openReader(id, () -> {})))
          .satisfies(code(ErrorCode.STREAM_DRAINED))
          .hasMessageContaining(id.toString());
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void chunksOfALostReaderGoToTheNextInOrder() {
    assertReaderThatLeavesDropsTheStream();
  }

  @Override
  @Test
  public void chunksThatWereNotPolledGoToTheNextInOrder() {
    assertReaderThatLeavesDropsTheStream();
  }

  @Override
  @Test
  public void readersTakeTurnsWithoutLosingAChunk() {
    assertReaderThatLeavesDropsTheStream();
  }

  @Override
  @Test
  public void aClientThatGoesUnderLoadDisturbsNobodyElse() {
    for (int i = 0; i < 10; i++) {
      ObjectId id = StreamContract.create(store());
      try (WriterDriver writer = WriterDriver.open(store(), id)) {
        ObjectStore fork = value(other().fork());
        ReaderDriver reader = ReaderDriver.open(fork, id, Long.MAX_VALUE);
        writer.publish(20, 10);
        reader.numbers(3);
        fork.close();
        Waits.until("a dropped stream", () -> writer.offer(10) == Result.CANCELLED);
      }
      done(store().delete(id));
    }
  }

  @Override
  @Test
  public void spinSeesWhatWasGivenBack() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(1, 10);
      reader.reader().putBack(reader.next());
      reader.reader().spin(Long.MAX_VALUE);
      assertThat(reader.numbers(1)).containsExactly(0L);
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void onlyTheFirstPreambleCounts() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      assertThat(reader.reader().preamble()).isNull();
      writer.writer().preamble(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      writer.writer().preamble(ByteBuffer.wrap(new byte[] {4}));
      writer.publish(10);
      reader.numbers(1);
      assertThat(reader.reader().preamble()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    done(store().delete(id));
  }

  // A server remembers no stream that is gone.

  @Override
  @Test
  public void chunksCrossInOrderAndTheStreamGoesWhenItIsDrained() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (WriterDriver writer = WriterDriver.open(store(), info.id());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), Long.MAX_VALUE)) {
      writer.publish(100, 1000);
      writer.writer().finish();
      for (long i = 0; i < 100; i++) {
        try (Chunk chunk = reader.next()) {
          assertThat(chunk.position()).isEqualTo(i);
          assertThat(Pattern.number(chunk)).isEqualTo(i);
        }
      }
      assertThat(reader.end()).isNull();
      done(writer.writer().onDrained());
    }
    Waits.until("no stream", () -> value(store().status()).streams() == 0);
    assertThat(error(other().getStream(info.id()))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    assertThat(error(other().getName("flights"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Override
  @Test
  public void onlyAnOpenStreamCanBeWritten() {
    ObjectId unknown = new ObjectId(77);
    ObjectId blob = seal(store(), 1);
    ObjectId over = StreamContract.create(store());
    WriterDriver ended = WriterDriver.open(store(), over);
    ended.writer().finish();
    done(ended.writer().onDrained());
    assertThat(error(store().openWriter(unknown)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(error(store().openWriter(blob))).satisfies(code(ErrorCode.OBJECT_TYPE_ERROR));
    assertThat(error(other().openWriter(over)))
        .satisfies(code(ErrorCode.INVALID_STREAM_STATE))
        .hasMessageContaining(over.toString());
    done(store().delete(over));
    assertThat(error(other().openWriter(over))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
    done(store().delete(blob));
  }

  @Override
  @Test
  public void onlyAStreamCanBeRead() {
    ObjectId unknown = new ObjectId(77);
    ObjectId blob = seal(store(), 1);
    ObjectId dropped = StreamContract.create(store());
    done(store().delete(dropped));
    assertThat(error(other().openReader(unknown, () -> {})))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(error(other().openReader(blob, () -> {})))
        .satisfies(code(ErrorCode.OBJECT_TYPE_ERROR));
    assertThat(error(other().openReader(dropped, () -> {})))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(dropped.toString());
    done(store().delete(blob));
  }

  // A server tells neither who has opened a stream nor how far it is.

  @Override
  @Test
  public void statisticsFollowTheChunks() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      writer.publish(3, 1000);
      assertThat(reader.numbers(2)).containsExactly(0L, 1L);
      assertThat(value(store().getStream(id)))
          .isEqualTo(
              new StreamInfo(
                  id, StreamSpec.create(), StreamInfo.State.OPEN, 0, 0, 0, 0, 0, false, false));
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void requestBelowOneIsAnError() {
    ObjectId id = StreamContract.create(store());
    try (ReaderDriver reader = ReaderDriver.open(other(), id)) {
      for (long wrong : new long[] {0, -1, Long.MIN_VALUE}) {
        assertThatThrownBy(() -> reader.reader().request(wrong))
            .satisfies(code(ErrorCode.INVALID))
            .hasMessageContaining(String.valueOf(wrong));
      }
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void closedReaderGetsNothingAndAsksNothing() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      ReaderDriver reader = ReaderDriver.open(other(), id, 1);
      reader.close();
      reader.close();
      reader.reader().request(5);
      writer.offer(10);
      ReaderDriver.settle(other());
      assertThat(reader.reader().poll()).isNull();
    }
    done(store().delete(id));
  }

  // The last to know is a writer of another client: when it publishes.

  @Override
  @Test
  public void roomIsToldWhenTheStreamEnds() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      done(other().delete(id));
      assertThat(writer.offer(10)).isEqualTo(Result.OK);
      writer.awaitRoom();
      assertThat(writer.writer().failure()).satisfies(code(ErrorCode.STREAM_DROPPED));
    }
  }

  @Override
  @Test
  public void droppedStreamEndsForBothAndHeldChunksStayReadable() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (WriterDriver writer = WriterDriver.open(store(), info.id());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), 1)) {
      writer.publish(1, 1000);
      Chunk held = reader.next();
      done(store().delete(info.id()));
      assertThat(reader.end())
          .satisfies(code(ErrorCode.STREAM_DROPPED))
          .hasMessageContaining("flights");
      assertThat(writer.writer().failure())
          .satisfies(code(ErrorCode.STREAM_DROPPED))
          .hasMessageContaining("flights");
      assertThat(writer.offer(10)).isEqualTo(Result.CANCELLED);
      Pattern.number(held);
      held.close();
      done(writer.writer().onDrained());
      assertThat(error(store().getStream(info.id()))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
      assertThat(error(store().delete(info.id()))).isInstanceOf(VineyardException.class);
    }
  }

  @Override
  @Test
  public void readerEndsWithItsClientAndHeldChunksStayReadable() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      ReaderDriver reader = ReaderDriver.open(other(), id, 1);
      writer.publish(2, 1000);
      Chunk held = reader.next();
      other().close();
      assertThat(reader.end()).isInstanceOf(StoreLostException.class);
      done(store().delete(id));
      done(writer.writer().onDrained());
      assertThat(Pattern.number(held)).isZero();
      held.close();
      reader.close();
    }
  }

  // A chunk is copied into the server, and reclaimed then; the server deletes it when the next is
  // asked for, which happens ahead of demand, whether it was closed or not.

  @Override
  @Test
  public void windowInChunksHoldsTheWriter() {
    StreamSpec spec = StreamSpec.create().windowChunks(2);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(2, 10);
      assertThat(writer.writer().hasRoom(1)).isFalse();
      assertThat(writer.offer(10)).isEqualTo(Result.WINDOW_FULL);
      Waits.until("2 reclaimed", () -> writer.writer().outstandingChunks() == 0);
      assertThat(writer.offer(10)).isEqualTo(Result.WINDOW_FULL);
      try (ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
        assertThat(reader.numbers(1)).containsExactly(0L);
        writer.publish(10);
        Waits.until("a full window", () -> writer.offer(10) == Result.WINDOW_FULL);
      }
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void chunkLargerThanTheWindowPassesAlone() {
    StreamSpec spec = StreamSpec.create().windowBytes(1000);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(5000);
      assertThat(writer.offer(1)).isEqualTo(Result.WINDOW_FULL);
      assertThat(writer.offer(5000)).isEqualTo(Result.WINDOW_FULL);
      try (ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
        assertThat(reader.numbers(1)).containsExactly(0L);
        writer.publish(5000);
        writer.writer().finish();
        assertThat(reader.numbers(1)).containsExactly(1L);
        assertThat(reader.end()).isNull();
      }
    }
  }

  @Override
  @Test
  public void eachChunkIsReclaimedOnce() {
    ObjectId id = StreamContract.create(store());
    AtomicInteger reclaimed = new AtomicInteger();
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      for (int i = 0; i < 3; i++) {
        ChunkDraft draft = writer.writer().draft();
        draft.complete(ByteBuffer.allocate(1), 0, reclaimed::incrementAndGet);
        assertThat(writer.writer().tryPublish(draft)).isEqualTo(Result.OK);
      }
      Waits.until("3 reclaimed", () -> reclaimed.get() == 3);
      done(store().delete(id));
      done(writer.writer().onDrained());
      assertThat(reclaimed).hasValue(3);
    }
  }

  @Override
  @Test
  public void writerIsDrainedWhenTheLastChunkIsReclaimed() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      var drained = writer.writer().onDrained().toFuture();
      writer.publish(2, 10);
      ReaderDriver.settle(other());
      assertThat(drained).isNotDone();
      writer.writer().finish();
      assertThat(drained).succeedsWithin(Waits.PATIENCE);
      assertThat(writer.writer().outstandingChunks()).isZero();
      assertThat(reader.numbers(2)).containsExactly(0L, 1L);
      assertThat(reader.end()).isNull();
    }
  }

  @Override
  @Test
  public void chunkIsReleasedOnceAndNotReadableThen() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      writer.publish(2, 100);
      Chunk first = reader.next();
      Chunk second = reader.next();
      assertThat(first.header().isReadOnly()).isTrue();
      first.close();
      first.close();
      assertThatThrownBy(() -> first.address(0, 1))
          .satisfies(code(ErrorCode.ALREADY_STOPPED))
          .hasMessageContaining("position 0");
      assertThat(Pattern.number(second)).isEqualTo(1);
      second.close();
    }
    done(store().delete(id));
  }

  // A server says of no chunk without bytes whether it was read.

  private static int read(ReaderDriver reader, int chunks) {
    int empty = 0;
    for (int i = 0; i < chunks; i++) {
      try (Chunk chunk = reader.next()) {
        empty += chunk.dataBytes() == 0 ? 1 : 0;
      }
    }
    return empty;
  }

  @Test
  void chunksWithoutBytesTakePlacesInTheWindow() {
    StreamSpec spec = StreamSpec.create().typeName(StreamSpec.BYTES).windowChunks(4);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      for (int i = 0; i < 4; i++) {
        writer.publish(i % 2 == 0 ? 0 : 10);
      }
      for (int i = 0; i < 200; i++) {
        assertThat(writer.offer(10)).as("offer %s", i).isEqualTo(Result.WINDOW_FULL);
        ReaderDriver.settle(store());
      }
      try (ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
        int empty = 0;
        for (int i = 4; i < 40; i++) {
          writer.publish(i % 2 == 0 ? 0 : 10);
          empty += read(reader, 1);
        }
        writer.writer().finish();
        assertThat(empty + read(reader, 4)).isEqualTo(20);
        assertThat(reader.end()).isNull();
      }
    }
  }

  @Test
  void chunksWithoutBytesAloneHoldNobody() {
    StreamSpec spec = StreamSpec.create().typeName(StreamSpec.BYTES).windowChunks(4);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      writer.publish(2, 10);
      writer.publish(40, 0);
      writer.publish(2, 10);
      writer.writer().finish();
      assertThat(read(reader, 44)).isEqualTo(40);
      assertThat(reader.end()).isNull();
    }
  }

  // Chunks are made in memory of the process, which the server does not bound.

  @Override
  @Test
  public void fullStoreHoldsTheWriterUntilChunksAreReleased() {
    StreamSpec spec = StreamSpec.create().windowBytes(Long.MAX_VALUE);
    ObjectId id = value(store().createStream(spec)).id();
    int chunks = (int) (3 * CAPACITY_BYTES / SEGMENT_BYTES);
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(chunks, SEGMENT_BYTES);
      writer.writer().finish();
      Waits.until(
          "a full store", () -> value(store().status()).freeBytes() <= SEGMENT_BYTES + 4096);
      assertThat(writer.writer().outstandingChunks()).isPositive();
      try (ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
        assertThat(reader.numbers(chunks)).hasSize(chunks).isSorted();
        assertThat(reader.end()).isNull();
      }
      done(writer.writer().onDrained());
    }
  }

  @Override
  @Test
  public void memoryThatAnotherClientFreesIsFoundAgain() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        BlobWriter most = value(other().createBlob(value(other().status()).freeBytes()))) {
      SharedMemory memory = writer.writer().memory();
      memory.allocate(2 * SEGMENT_BYTES).free();
      writer.publish(1000);
      Waits.until("a chunk that waits", () -> writer.writer().outstandingChunks() == 1);
      most.abort();
      Waits.until("no chunk that waits", () -> writer.writer().outstandingChunks() == 0);
    }
    done(store().delete(id));
  }

  @Override
  @Test
  public void threadThatMustNotBlockIsNotBlocked() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      SharedMemory memory = writer.writer().memory();
      Mono<SharedMemory.Allocation> large =
          Mono.fromCallable(() -> memory.allocate(2 * SEGMENT_BYTES));
      value(large.subscribeOn(Schedulers.parallel())).free();
    }
    done(store().delete(id));
  }
}
