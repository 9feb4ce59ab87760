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

/** What every store promises of the writing end of a stream. */
public interface WriterContract extends StoreContract {
  @Test
  default void windowInChunksHoldsTheWriter() {
    StreamSpec spec = StreamSpec.create().windowChunks(2);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      writer.publish(2, 10);
      assertThat(writer.writer().hasRoom(1)).isFalse();
      assertThat(writer.offer(10)).isEqualTo(Result.WINDOW_FULL);
      assertThat(writer.writer().outstandingChunks()).isEqualTo(2);
      reader.reader().request(1);
      Chunk first = reader.next();
      ReaderDriver.settle(store());
      assertThat(writer.offer(10)).as("a chunk is held").isEqualTo(Result.WINDOW_FULL);
      first.close();
      writer.publish(10);
      assertThat(writer.offer(10)).isEqualTo(Result.WINDOW_FULL);
    }
    done(store().delete(id));
  }

  @Test
  default void windowInBytesHoldsTheWriter() {
    StreamSpec spec = StreamSpec.create().windowBytes(1000);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(600);
      assertThat(writer.writer().hasRoom(400)).isTrue();
      assertThat(writer.writer().hasRoom(401)).isFalse();
      assertThat(writer.offer(401)).isEqualTo(Result.WINDOW_FULL);
      assertThat(writer.offer(400)).isEqualTo(Result.OK);
      assertThat(writer.offer(1)).isEqualTo(Result.WINDOW_FULL);
      assertThat(writer.offer(0)).isEqualTo(Result.OK);
      assertThat(reader.numbers(1)).containsExactly(0L);
      writer.publish(600);
    }
    done(store().delete(id));
  }

  @Test
  default void chunkLargerThanTheWindowPassesAlone() {
    StreamSpec spec = StreamSpec.create().windowBytes(1000);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      writer.publish(5000);
      Chunk large = reader.next();
      assertThat(writer.offer(1)).isEqualTo(Result.WINDOW_FULL);
      assertThat(writer.offer(5000)).isEqualTo(Result.WINDOW_FULL);
      large.close();
      writer.publish(1);
      assertThat(writer.offer(5000)).isEqualTo(Result.WINDOW_FULL);
      assertThat(reader.numbers(1)).containsExactly(1L);
      writer.publish(5000);
      writer.writer().finish();
      assertThat(reader.numbers(1)).containsExactly(2L);
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void refusedDraftMayBeOfferedAgain() {
    StreamSpec spec = StreamSpec.create().windowChunks(1);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      writer.publish(10);
      ChunkDraft draft = Pattern.draft(writer.writer(), 1, 10);
      assertThat(writer.writer().tryPublish(draft)).isEqualTo(Result.WINDOW_FULL);
      reader.numbers(1);
      writer.awaitRoom();
      Waits.until("room", () -> writer.writer().hasRoom(10));
      assertThat(writer.writer().tryPublish(draft)).isEqualTo(Result.OK);
      assertThat(reader.numbers(1)).containsExactly(1L);
      done(store().delete(id));
    }
  }

  @Test
  default void nothingIsAcceptedAfterFinish() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 10)) {
      writer.publish(10);
      writer.writer().finish();
      writer.writer().finish();
      writer.writer().fail(ErrorCode.INVALID, "too late");
      assertThat(writer.offer(10)).isEqualTo(Result.TERMINATED);
      writer.writer().close();
      assertThat(writer.writer().tryPublish(empty(writer.writer()))).isEqualTo(Result.TERMINATED);
      assertThat(reader.numbers(1)).containsExactly(0L);
      assertThat(reader.end()).isNull();
      assertThat(writer.writer().failure()).isNull();
    }
  }

  private static ChunkDraft empty(ChunkWriter writer) {
    return writer.draft().complete(ByteBuffer.allocate(0), 0, () -> {});
  }

  @Test
  default void nothingIsAcceptedAfterFail() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      writer.writer().fail(ErrorCode.USER_INPUT_ERROR, "no");
      writer.writer().finish();
      assertThat(writer.offer(10)).isEqualTo(Result.TERMINATED);
      assertThat(reader.end()).satisfies(code(ErrorCode.USER_INPUT_ERROR));
    }
  }

  @Test
  default void nothingIsAcceptedAfterClose() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      writer.writer().close();
      assertThat(writer.writer().tryPublish(empty(writer.writer()))).isEqualTo(Result.CANCELLED);
      assertThat(reader.end()).isInstanceOf(WriterLostException.class);
    }
  }

  @Test
  default void nothingIsAcceptedAndNoMemoryGivenWhenTheClientIsClosed() {
    ObjectId id = StreamContract.create(other());
    WriterDriver writer = WriterDriver.open(store(), id);
    writer.publish(10);
    store().close();
    assertThat(writer.writer().tryPublish(empty(writer.writer()))).isEqualTo(Result.CANCELLED);
    assertThat(writer.writer().failure()).isInstanceOf(StoreLostException.class);
    SharedMemory memory = writer.writer().memory();
    assertThat(memory.tryAllocate(10)).isNull();
    assertThatThrownBy(() -> memory.allocate(10)).isInstanceOf(StoreLostException.class);
    assertThat(memory.refusal()).isInstanceOf(StoreLostException.class);
    done(writer.writer().onDrained());
    writer.close();
    Waits.until("a failed stream", () -> !value(other().getStream(id)).hasWriter());
    done(other().delete(id));
  }

  @Test
  default void roomIsToldWhenTheStreamEnds() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      done(other().delete(id));
      writer.awaitRoom();
      Waits.until("a failure", () -> writer.writer().failure() != null);
    }
  }

  @Test
  default void onlyTheFirstPreambleCounts() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver early = ReaderDriver.open(other(), id, 1)) {
      assertThat(early.reader().preamble()).isNull();
      writer.writer().preamble(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      writer.writer().preamble(ByteBuffer.wrap(new byte[] {4}));
      writer.publish(10);
      early.numbers(1);
      assertThat(early.reader().preamble()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      early.reader().close();
      try (ReaderDriver late = StreamContract.openWhenFree(other(), id)) {
        Waits.until("the preamble", () -> late.reader().preamble() != null);
        assertThat(late.reader().preamble()).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      }
      done(store().delete(id));
    }
  }

  @Test
  default void writerIsDrainedWhenTheLastChunkIsReclaimed() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      var drained = writer.writer().onDrained().toFuture();
      writer.publish(2, 10);
      Chunk first = reader.next();
      Chunk second = reader.next();
      writer.writer().finish();
      second.close();
      ReaderDriver.settle(other());
      assertThat(drained).isNotDone();
      first.close();
      assertThat(drained).succeedsWithin(Waits.PATIENCE);
      assertThat(writer.writer().outstandingChunks()).isZero();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void eachChunkIsReclaimedOnce() {
    ObjectId id = StreamContract.create(store());
    AtomicInteger reclaimed = new AtomicInteger();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      for (int i = 0; i < 3; i++) {
        ChunkDraft draft = writer.writer().draft();
        draft.complete(ByteBuffer.allocate(1), 0, reclaimed::incrementAndGet);
        assertThat(writer.writer().tryPublish(draft)).isEqualTo(Result.OK);
      }
      Chunk chunk = reader.next();
      chunk.close();
      chunk.close();
      Waits.until("1 reclaimed", () -> reclaimed.get() == 1);
      reader.next().close();
      Waits.until("2 reclaimed", () -> reclaimed.get() == 2);
      done(store().delete(id));
      done(writer.writer().onDrained());
      assertThat(reclaimed).hasValue(3);
    }
  }

  @Test
  default void secondWriterIsRefusedAndTheFirstGoesOn() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (WriterDriver writer = WriterDriver.open(store(), info.id());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), 2)) {
      writer.publish(10);
      for (ObjectStore client : new ObjectStore[] {store(), other()}) {
        assertThat(error(client.openWriter(info.id())))
            .satisfies(code(ErrorCode.STREAM_OPENED))
            .hasMessageContaining("flights")
            .hasMessageContaining(info.id().toString());
      }
      writer.publish(10);
      assertThat(reader.numbers(2)).containsExactly(0L, 1L);
      writer.writer().finish();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void onlyAnOpenStreamCanBeWritten() {
    ObjectId unknown = new ObjectId(77);
    ObjectId blob = seal(store(), 1);
    ObjectId over = StreamContract.create(store());
    WriterDriver.open(store(), over).writer().finish();
    assertThat(error(store().openWriter(unknown)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(error(store().openWriter(blob))).satisfies(code(ErrorCode.OBJECT_TYPE_ERROR));
    assertThat(error(other().openWriter(over)))
        .satisfies(code(ErrorCode.INVALID_STREAM_STATE))
        .hasMessageContaining(over.toString());
    done(store().delete(over));
    assertThat(error(other().openWriter(over))).satisfies(code(ErrorCode.STREAM_DRAINED));
    done(store().delete(blob));
  }

  @Test
  default void memoryThatIsNotSharedHasNoOffset() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      ChunkDraft draft = writer.writer().draft();
      SharedMemory.Allocation memory = writer.writer().memory().allocate(100);
      assertThat(memory.address() % 64).isZero();
      assertThat(memory.sizeBytes()).isEqualTo(100);
      assertThat(draft.offsetOf(memory.address(), 100)).isNotNegative();
      assertThat(draft.offsetOf(memory.address(), 1L << 40)).isNegative();
      assertThat(draft.offsetOf(4096, 10)).isNegative();
      assertThat(writer.writer().memory().contains(memory.address(), 100)).isTrue();
      assertThat(writer.writer().memory().contains(4096, 10)).isFalse();
      memory.free();
      assertThatThrownBy(memory::free).satisfies(code(ErrorCode.ALREADY_STOPPED));
      assertThatThrownBy(() -> writer.writer().tryPublish(writer.writer().draft()))
          .satisfies(code(ErrorCode.INVALID));
      assertThatThrownBy(() -> writer.writer().memory().allocate(-1))
          .satisfies(code(ErrorCode.INVALID));
    }
    done(store().delete(id));
  }

  @Test
  default void threadThatMustNotBlockIsNotBlocked() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      SharedMemory memory = writer.writer().memory();
      Mono<SharedMemory.Allocation> small = Mono.fromCallable(() -> memory.allocate(100));
      value(small.subscribeOn(Schedulers.parallel())).free();
      Mono<SharedMemory.Allocation> large =
          Mono.fromCallable(() -> memory.allocate(2 * SEGMENT_BYTES));
      assertThat(error(large.subscribeOn(Schedulers.parallel())))
          .satisfies(code(ErrorCode.INVALID_STREAM_STATE));
    }
    done(store().delete(id));
  }

  @Test
  default void cancelledOpeningLeavesTheStreamToTheNext() {
    for (int i = 0; i < 100; i++) {
      ObjectId id = StreamContract.create(store());
      Cancels.after(i, store().openWriter(id), ChunkWriter::close);
      Waits.until("no writer", () -> !value(store().getStream(id)).hasWriter());
      done(store().delete(id));
    }
  }
}
