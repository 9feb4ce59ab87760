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
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What every store promises of streams as a whole. */
public interface StreamContract extends StoreContract {
  /** Creates a stream without a name and with the usual window. */
  static ObjectId create(ObjectStore store) {
    return value(store.createStream(StreamSpec.create())).id();
  }

  @Test
  default void newStreamIsOpenAndEmpty() {
    StreamSpec spec =
        StreamSpec.named("flights")
            .typeName(StreamSpec.DATAFRAMES)
            .windowChunks(7)
            .windowBytes(12345);
    StreamInfo info = value(store().createStream(spec));
    assertThat(info).isEqualTo(value(other().getStream(info.id())));
    assertThat(info)
        .isEqualTo(
            new StreamInfo(info.id(), spec, StreamInfo.State.OPEN, 0, 0, 0, 0, 0, false, false));
    assertThat(value(other().getMeta(info.id())).typeName()).isEqualTo(StreamSpec.DATAFRAMES);
    done(store().delete(info.id()));
  }

  @Test
  default void streamIsFoundByItsName() {
    var waiting = other().getName("flights", Duration.ofSeconds(10)).toFuture();
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    assertThat(waiting).succeedsWithin(Waits.PATIENCE).isEqualTo(info.id());
    assertThat(error(other().createStream(StreamSpec.named("flights"))))
        .satisfies(code(ErrorCode.OBJECT_EXISTS))
        .hasMessageContaining("flights");
    done(store().delete(info.id()));
    assertThat(error(other().getName("flights"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void whatIsNoStreamIsRefused() {
    ObjectId unknown = new ObjectId(77);
    ObjectId blob = seal(store(), 1);
    assertThat(error(store().getStream(unknown)))
        .satisfies(code(ErrorCode.OBJECT_NOT_EXISTS))
        .hasMessageContaining(unknown.toString());
    assertThat(error(store().getStream(blob)))
        .satisfies(code(ErrorCode.OBJECT_TYPE_ERROR))
        .hasMessageContaining(blob.toString());
    done(store().delete(blob));
  }

  @Test
  default void chunksCrossInOrderAndTheStreamGoesWhenItIsDrained() {
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
    assertThat(error(other().getStream(info.id())))
        .satisfies(code(ErrorCode.STREAM_DRAINED))
        .hasMessageContaining("flights")
        .hasMessageContaining("100 chunks");
    assertThat(error(other().getName("flights"))).satisfies(code(ErrorCode.OBJECT_NOT_EXISTS));
  }

  @Test
  default void streamWithoutAChunkEnds() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      writer.writer().finish();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void chunksWaitForALateReader() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(10, 1000);
      writer.writer().finish();
    }
    Waits.until(
        "a finished stream",
        () -> value(other().getStream(id)).state() == StreamInfo.State.FINISHED);
    try (ReaderDriver reader = ReaderDriver.open(other(), id, 10)) {
      assertThat(reader.numbers(10)).hasSize(10).isSorted();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void chunksOfAllSizesAreWhole() {
    ObjectId id = create(store());
    long[] sizes = {0, 1, 8, 4096, SEGMENT_BYTES, 3 * SEGMENT_BYTES + 1, 100};
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      for (long size : sizes) {
        writer.publish(size);
      }
      for (long size : sizes) {
        try (Chunk chunk = reader.next()) {
          Pattern.number(chunk);
          assertThat(chunk.dataBytes()).isEqualTo(size);
        }
      }
      writer.writer().finish();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void chunkMayLieInSeveralSegments() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      SharedMemory memory = writer.writer().memory();
      SharedMemory.Allocation[] parts = new SharedMemory.Allocation[3];
      ChunkDraft draft = writer.writer().draft();
      ByteBuffer header = ByteBuffer.allocate(Long.BYTES * parts.length);
      long size = SEGMENT_BYTES * 3 / 4;
      for (int i = 0; i < parts.length; i++) {
        parts[i] = memory.allocate(size);
        Pattern.fill(parts[i].address(), size, i);
        header.putLong(draft.offsetOf(parts[i].address(), size));
      }
      draft.complete(
          header.flip(),
          size * parts.length,
          () -> {
            for (SharedMemory.Allocation part : parts) {
              part.free();
            }
          });
      assertThat(writer.writer().tryPublish(draft)).isEqualTo(Result.OK);
      try (Chunk chunk = reader.next()) {
        for (int i = 0; i < parts.length; i++) {
          long offset = Long.reverseBytes(chunk.header().getLong(Long.BYTES * i));
          Pattern.check(chunk.address(offset, size), size, i);
        }
        assertThatThrownBy(() -> chunk.address(-1, 1)).satisfies(code(ErrorCode.INVALID));
        assertThatThrownBy(() -> chunk.address(1L << 40, 1)).satisfies(code(ErrorCode.INVALID));
        assertThatThrownBy(() -> chunk.address(SEGMENT_BYTES - 1, 2))
            .satisfies(code(ErrorCode.INVALID));
      }
      done(store().delete(id));
    }
  }

  @Test
  default void statisticsFollowTheChunks() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 2)) {
      writer.publish(3, 1000);
      Chunk first = reader.next();
      Chunk second = reader.next();
      second.close();
      Waits.until("1 released", () -> value(store().getStream(id)).releasedChunks() == 1);
      StreamInfo info = value(store().getStream(id));
      assertThat(info)
          .isEqualTo(
              new StreamInfo(
                  id, StreamSpec.create(), StreamInfo.State.OPEN, 3, 3000, 1, 1000, 1, true, true));
      assertThat(info.windowUsedChunks()).isEqualTo(2);
      assertThat(info.windowUsedBytes()).isEqualTo(2000);
      assertThat(value(store().status()).leases()).isEqualTo(1);
      first.close();
    }
    done(store().delete(id));
  }

  @Test
  default void failureReachesTheReaderAfterTheChunks() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      writer.publish(3, 1000);
      writer.writer().fail(ErrorCode.USER_INPUT_ERROR, "row 7 is no number");
      assertThat(reader.numbers(3)).containsExactly(0L, 1L, 2L);
      assertThat(reader.end())
          .satisfies(code(ErrorCode.USER_INPUT_ERROR))
          .hasMessageContaining("row 7 is no number");
    }
  }

  @Test
  default void closedWriterIsALostOne() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (ReaderDriver reader = ReaderDriver.open(other(), info.id(), Long.MAX_VALUE)) {
      try (WriterDriver writer = WriterDriver.open(store(), info.id())) {
        writer.publish(3, 1000);
      }
      assertThat(reader.numbers(3)).containsExactly(0L, 1L, 2L);
      assertThat(reader.end())
          .isInstanceOf(WriterLostException.class)
          .hasMessageContaining("flights");
    }
  }

  @Test
  @SuppressWarnings("try")
  default void writerIsLostWithItsClient() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (ObjectStore fork = value(store().fork());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), Long.MAX_VALUE)) {
      WriterDriver writer = WriterDriver.open(fork, info.id());
      writer.publish(3, 1000);
      SharedMemory.Allocation half = writer.writer().memory().allocate(500);
      fork.close();
      assertThat(reader.numbers(3)).containsExactly(0L, 1L, 2L);
      assertThat(reader.end())
          .isInstanceOf(WriterLostException.class)
          .hasMessageContaining("flights");
      assertThat(writer.writer().failure()).isInstanceOf(StoreLostException.class);
      Pattern.fill(half.address(), 500, 1);
      half.free();
      writer.close();
    }
  }

  @Test
  default void whatAClientSentBeforeItClosedArrives() {
    for (int i = 0; i < 20; i++) {
      ObjectId id = create(other());
      ObjectStore fork = value(store().fork());
      WriterDriver writer = WriterDriver.open(fork, id);
      writer.publish(200, 8);
      writer.writer().finish();
      fork.close();
      writer.close();
      try (ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
        assertThat(reader.numbers(200)).hasSize(200).isSorted();
        assertThat(reader.end()).isNull();
      }
    }
  }

  @Test
  default void chunksOfALostReaderGoToTheNextInOrder() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(6, 1000);
      Chunk held;
      Chunk later;
      try (ObjectStore fork = value(other().fork())) {
        ReaderDriver reader = ReaderDriver.open(fork, id, 5);
        held = reader.next();
        assertThat(reader.numbers(1)).containsExactly(1L);
        later = reader.next();
        Waits.until("1 released", () -> value(store().getStream(id)).releasedChunks() == 1);
      }
      try (ReaderDriver reader = openWhenFree(other(), id)) {
        reader.reader().request(Long.MAX_VALUE);
        assertThat(reader.numbers(5)).containsExactly(0L, 2L, 3L, 4L, 5L);
        writer.writer().finish();
        assertThat(reader.end()).isNull();
      }
      held.close();
      later.close();
    }
  }

  /** Opens a reader as soon as the one before it has left. */
  static ReaderDriver openWhenFree(ObjectStore store, ObjectId id) {
    Waits.until("no reader", () -> !value(store.getStream(id)).hasReader());
    return ReaderDriver.open(store, id);
  }

  @Test
  default void droppedStreamEndsForBothAndHeldChunksStayReadable() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (WriterDriver writer = WriterDriver.open(store(), info.id());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), 1)) {
      writer.publish(3, 1000);
      Chunk held = reader.next();
      done(other().delete(info.id()));
      assertThat(reader.end())
          .satisfies(code(ErrorCode.STREAM_DROPPED))
          .hasMessageContaining("flights");
      Waits.until("the writer told", () -> writer.writer().failure() != null);
      assertThat(writer.writer().failure())
          .satisfies(code(ErrorCode.STREAM_DROPPED))
          .hasMessageContaining("flights");
      assertThat(writer.offer(10)).isEqualTo(Result.CANCELLED);
      Waits.until("1 chunk out", () -> writer.writer().outstandingChunks() == 1);
      Pattern.number(held);
      held.close();
      done(writer.writer().onDrained());
      assertThat(error(store().getStream(info.id()))).satisfies(code(ErrorCode.STREAM_DRAINED));
      assertThat(error(store().delete(info.id()))).isInstanceOf(VineyardException.class);
    }
  }

  @Test
  default void streamIsDroppedUnderLoad() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      Thread dropping =
          new Thread(
              () -> {
                Cancels.spin(1000);
                done(other().delete(id));
              });
      dropping.start();
      Result result = Result.OK;
      while (result == Result.OK) {
        result = writer.publishUnlessOver(100);
        Chunk chunk = reader.reader().poll();
        if (chunk != null) {
          chunk.close();
        }
      }
      assertThat(result).isEqualTo(Result.CANCELLED);
      for (Chunk chunk = reader.take(); chunk != null; chunk = reader.take()) {
        chunk.close();
      }
      assertThat(reader.reader().failure()).satisfies(code(ErrorCode.STREAM_DROPPED));
      done(writer.writer().onDrained());
    }
  }

  @Test
  default void fullStoreHoldsTheWriterUntilChunksAreReleased() {
    StreamSpec spec = StreamSpec.create().windowBytes(Long.MAX_VALUE);
    ObjectId id = value(store().createStream(spec)).id();
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, Long.MAX_VALUE)) {
      long size = SEGMENT_BYTES / 2;
      VineyardException full = null;
      while (full == null) {
        try {
          assertThat(writer.offer(size)).isEqualTo(Result.OK);
        } catch (VineyardException e) {
          full = e;
        }
      }
      assertThat(full)
          .satisfies(code(ErrorCode.NOT_ENOUGH_MEMORY))
          .hasMessageContaining("asked for " + size);
      assertThat(writer.writer().memory().refusal()).isNotNull();
      assertThat(writer.writer().memory().tryAllocate(size)).isNull();
      int published = (int) writer.next();
      assertThat(published).isGreaterThanOrEqualTo((int) (CAPACITY_BYTES / size) - 2);
      reader.numbers(2);
      Waits.until("room", () -> writer.writer().memory().refusal() == null);
      writer.publish(size);
      assertThat(reader.numbers(published - 1)).hasSize(published - 1).isSorted();
      writer.writer().finish();
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void memoryThatAnotherClientFreesIsFoundAgain() {
    ObjectId id = create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        BlobWriter most = value(other().createBlob(value(other().status()).freeBytes()))) {
      SharedMemory memory = writer.writer().memory();
      assertThatThrownBy(() -> memory.allocate(2 * SEGMENT_BYTES))
          .satisfies(code(ErrorCode.NOT_ENOUGH_MEMORY));
      most.abort();
      Waits.until(
          "free memory",
          () -> value(other().status()).freeBytes() > CAPACITY_BYTES - 2 * SEGMENT_BYTES);
      memory.allocate(2 * SEGMENT_BYTES).free();
      assertThat(memory.refusal()).isNull();
      Waits.until(
          "memory leased in the background",
          () -> {
            SharedMemory.Allocation found = memory.tryAllocate(2 * SEGMENT_BYTES);
            if (found != null) {
              found.free();
            }
            return found != null;
          });
    }
    done(store().delete(id));
  }
}
