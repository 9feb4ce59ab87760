package io.vineyard.store;

import static io.vineyard.store.BlobContract.code;
import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.done;
import static io.vineyard.store.Waits.error;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** What every store promises of the reading end of a stream. */
public interface ReaderContract extends StoreContract {
  @Test
  default void nothingComesWithoutARequest() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      writer.publish(3, 10);
      ReaderDriver.settle(store());
      ReaderDriver.settle(other());
      assertThat(reader.reader().poll()).isNull();
      assertThat(reader.reader().isEnded()).isFalse();
      assertThat(value(store().status()).leases()).isZero();
    }
    done(store().delete(id));
  }

  @Test
  default void requestBelowOneIsAnError() {
    ObjectId id = StreamContract.create(store());
    try (ReaderDriver reader = ReaderDriver.open(other(), id)) {
      for (long wrong : new long[] {0, -1, Long.MIN_VALUE}) {
        assertThatThrownBy(() -> reader.reader().request(wrong))
            .satisfies(code(ErrorCode.INVALID))
            .hasMessageContaining(String.valueOf(wrong));
      }
      assertThat(value(store().getStream(id)).hasReader()).isTrue();
    }
    done(store().delete(id));
  }

  @Test
  default void asManyComeAsWereRequested() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(10, 10);
      assertThat(reader.numbers(1)).containsExactly(0L);
      ReaderDriver.settle(other());
      assertThat(reader.reader().poll()).isNull();
      reader.reader().request(2);
      reader.reader().request(1);
      assertThat(reader.numbers(3)).containsExactly(1L, 2L, 3L);
      ReaderDriver.settle(other());
      assertThat(reader.reader().poll()).isNull();
      reader.reader().request(Long.MAX_VALUE);
      reader.reader().request(Long.MAX_VALUE);
      reader.reader().request(1);
      assertThat(reader.numbers(6)).hasSize(6).isSorted();
      writer.publish(200, 10);
      assertThat(reader.numbers(100)).hasSize(100).isSorted();
    }
    done(store().delete(id));
  }

  @Test
  default void spinEndsWithWhateverHappens() {
    List<BiConsumer<WriterDriver, ReaderDriver>> happenings =
        List.of(
            (writer, reader) -> writer.publish(10),
            (writer, reader) -> writer.writer().finish(),
            (writer, reader) -> writer.close(),
            (writer, reader) -> reader.close());
    for (BiConsumer<WriterDriver, ReaderDriver> happening : happenings) {
      ObjectId id = StreamContract.create(store());
      try (WriterDriver writer = WriterDriver.open(store(), id);
          ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
        CompletableFuture<Void> spinning =
            CompletableFuture.runAsync(() -> reader.reader().spin(Long.MAX_VALUE));
        happening.accept(writer, reader);
        Waits.until("the spin is over", spinning::isDone);
      }
      done(store().delete(id).onErrorComplete());
    }
  }

  @Test
  default void spinWaitsOnlyForWhatWasRequestedAndIsNotThere() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id)) {
      reader.reader().spin(Long.MAX_VALUE);
      writer.publish(1, 10);
      reader.reader().request(1);
      reader.reader().spin(Long.MAX_VALUE);
      assertThat(reader.numbers(1)).containsExactly(0L);
    }
    done(store().delete(id).onErrorComplete());
  }

  @Test
  default void spinSeesWhatWasGivenBack() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(1, 10);
      try (ReaderDriver first = ReaderDriver.open(other(), id, 1)) {
        first.reader().putBack(first.next());
      }
      try (ReaderDriver second = StreamContract.openWhenFree(other(), id)) {
        second.reader().request(1);
        second.reader().spin(Long.MAX_VALUE);
        assertThat(second.numbers(1)).containsExactly(0L);
      }
    }
    done(store().delete(id).onErrorComplete());
  }

  @Test
  default void endComesWithoutARequest() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(10);
      writer.writer().finish();
      assertThat(reader.reader().isEnded()).as("before the chunk is polled").isFalse();
      assertThat(reader.numbers(1)).hasSize(1);
      assertThat(reader.end()).isNull();
      assertThat(reader.reader().poll()).isNull();
    }
  }

  @Test
  default void endWaitsForChunksThatWereNotRequested() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id);
        ReaderDriver reader = ReaderDriver.open(other(), id, 1)) {
      writer.publish(2, 10);
      writer.writer().finish();
      assertThat(reader.numbers(1)).hasSize(1);
      ReaderDriver.settle(other());
      assertThat(reader.reader().isEnded()).isFalse();
      reader.reader().request(1);
      assertThat(reader.numbers(1)).hasSize(1);
      assertThat(reader.end()).isNull();
    }
  }

  @Test
  default void chunksThatWereNotPolledGoToTheNextInOrder() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(10, 10);
      Chunk polled;
      try (ReaderDriver first = ReaderDriver.open(other(), id, 7)) {
        assertThat(first.numbers(2)).containsExactly(0L, 1L);
        polled = first.next();
        ReaderDriver.settle(other());
      }
      try (ReaderDriver second = StreamContract.openWhenFree(store(), id)) {
        second.reader().request(Long.MAX_VALUE);
        assertThat(second.numbers(7)).containsExactly(3L, 4L, 5L, 6L, 7L, 8L, 9L);
        assertThat(Pattern.number(polled)).isEqualTo(2);
        writer.writer().finish();
        assertThat(second.end()).isNull();
        assertThat(value(store().status()).streams()).isEqualTo(1);
        polled.close();
        Waits.until("no stream", () -> value(store().status()).streams() == 0);
      }
    }
  }

  @Test
  default void readersTakeTurnsWithoutLosingAChunk() {
    ObjectId id = StreamContract.create(store());
    List<Long> seen = new ArrayList<>();
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      writer.publish(50, 10);
      for (int turn = 0; turn < 10; turn++) {
        try (ReaderDriver reader =
            StreamContract.openWhenFree(turn % 2 == 0 ? store() : other(), id)) {
          reader.reader().request(1 + turn * 3L);
          seen.addAll(reader.numbers(1 + turn % 3));
        }
      }
      try (ReaderDriver last = StreamContract.openWhenFree(other(), id)) {
        last.reader().request(Long.MAX_VALUE);
        writer.writer().finish();
        for (Chunk chunk = last.take(); chunk != null; chunk = last.take()) {
          seen.add(Pattern.number(chunk));
          chunk.close();
        }
      }
    }
    assertThat(seen).hasSize(50).isSorted().doesNotHaveDuplicates();
  }

  @Test
  default void closedReaderGetsNothingAndAsksNothing() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      ReaderDriver reader = ReaderDriver.open(other(), id, 1);
      Waits.until("a reader", () -> value(store().getStream(id)).hasReader());
      reader.close();
      reader.close();
      reader.reader().request(5);
      writer.publish(10);
      ReaderDriver.settle(other());
      assertThat(reader.reader().poll()).isNull();
      assertThat(value(store().getStream(id)).hasReader()).isFalse();
    }
    done(store().delete(id));
  }

  @Test
  default void chunkIsReleasedOnceAndNotReadableThen() {
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
      assertThat(value(store().status()).leases()).isEqualTo(1);
      second.close();
      done(store().delete(id));
    }
  }

  @Test
  default void secondReaderIsRefusedAndTheFirstGoesOn() {
    StreamInfo info = value(store().createStream(StreamSpec.named("flights")));
    try (WriterDriver writer = WriterDriver.open(store(), info.id());
        ReaderDriver reader = ReaderDriver.open(other(), info.id(), 2)) {
      writer.publish(10);
      for (ObjectStore client : new ObjectStore[] {store(), other()}) {
        assertThat(error(client.openReader(info.id(), () -> {})))
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
  default void onlyAStreamCanBeRead() {
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
        .satisfies(code(ErrorCode.STREAM_DRAINED))
        .hasMessageContaining(dropped.toString());
    done(store().delete(blob));
  }

  @Test
  default void readerEndsWithItsClientAndHeldChunksStayReadable() {
    ObjectId id = StreamContract.create(store());
    try (WriterDriver writer = WriterDriver.open(store(), id)) {
      ReaderDriver reader = ReaderDriver.open(other(), id, 1);
      writer.publish(2, 1000);
      Chunk held = reader.next();
      other().close();
      assertThat(reader.end()).isInstanceOf(StoreLostException.class);
      Waits.until("no leases", () -> value(store().status()).leases() == 0);
      done(store().delete(id));
      done(writer.writer().onDrained());
      assertThat(Pattern.number(held)).isZero();
      held.close();
      reader.close();
    }
  }

  @Test
  default void aClientThatGoesUnderLoadDisturbsNobodyElse() {
    for (int i = 0; i < 30; i++) {
      ObjectId id = StreamContract.create(store());
      try (WriterDriver writer = WriterDriver.open(store(), id)) {
        ObjectStore fork = value(other().fork());
        ReaderDriver reader = ReaderDriver.open(fork, id, Long.MAX_VALUE);
        Thread closing =
            new Thread(
                () -> {
                  reader.numbers(3);
                  fork.close();
                });
        closing.start();
        writer.publish(200, 10);
        Waits.until("the fork closed", () -> !closing.isAlive());
        assertThat(writer.writer().failure()).isNull();
        writer.writer().finish();
      }
      assertThat(lastPosition(other(), id)).isEqualTo(199);
    }
  }

  /** Reads a stream to its end. */
  private static long lastPosition(ObjectStore store, ObjectId id) {
    long last = -1;
    try (ReaderDriver reader = StreamContract.openWhenFree(store, id)) {
      reader.reader().request(Long.MAX_VALUE);
      for (Chunk chunk = reader.take(); chunk != null; chunk = reader.take()) {
        last = chunk.position();
        chunk.close();
      }
      assertThat(reader.reader().failure()).isNull();
    }
    return last;
  }

  @Test
  default void cancelledReadersLeaveTheStreamToTheNext() {
    ObjectId id = StreamContract.create(store());
    for (int i = 0; i < 100; i++) {
      Cancels.after(i, other().openReader(id, () -> {}), ChunkReader::close);
      Waits.until("no reader", () -> !value(store().getStream(id)).hasReader());
    }
    done(store().delete(id));
  }
}
