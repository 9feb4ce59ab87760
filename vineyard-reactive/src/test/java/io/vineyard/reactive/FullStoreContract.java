package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** What a store does that is full: writers wait, others are told, and nothing is half done. */
interface FullStoreContract extends TwoClients {
  int ROWS = 100_000;
  int BATCHES = 300; // about four times what the store holds

  private RecordBatch foreign(int number) {
    return Batches.counting(Batches.FOREIGN, number, ROWS);
  }

  private static long sum(int number) {
    return (long) number * ROWS + (long) ROWS * (ROWS - 1) / 2;
  }

  /** A stream whose window is larger than the store. */
  private RecordBatchStream wide() {
    StreamSpec spec = StreamSpec.create().windowBytes(Long.MAX_VALUE).windowChunks(1 << 16);
    return Waits.value(RecordBatchStream.create(store(), spec));
  }

  private List<ObjectMeta> listed() {
    return Waits.value(other().list("*", 100).collectList());
  }

  @Test
  default void writersWaitForMemoryAsLongAsAWindowCanDrain() {
    RecordBatchStream stream = wide();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    var written =
        writer.write(Flux.range(0, BATCHES).map(this::foreign)).subscribeOn(Schedulers.single());
    var done = written.toFuture();
    Waits.until("a full store", () -> Waits.value(other().status()).freeBytes() < 1 << 20);
    assertThat(done).isNotDone();
    StoreStatus full = Waits.value(other().status());
    assertThat(full.usedBytes()).isLessThanOrEqualTo(full.capacityBytes());
    List<Long> sums = Waits.value(elsewhere(stream).reader(Batches::sum).collectList());
    assertThat(sums).hasSize(BATCHES);
    for (int i = 0; i < BATCHES; i++) {
      assertThat(sums.get(i)).isEqualTo(sum(i));
    }
    assertThat(done).succeedsWithin(Waits.PATIENCE);
    assertThat(writer.stats().copiedElements()).isEqualTo(BATCHES);
    Waits.done(writer.onDrained());
    writer.close();
  }

  @Test
  default void writerThatHasNothingToWaitForIsTold() {
    RecordBatchStream stream = wide();
    StreamWriter<RecordBatch> writer = stream.writerNow();
    RecordBatch batch = foreign(1);
    long free = Waits.value(other().status()).freeBytes();
    try (var most = Waits.value(other().createBlob(free))) {
      RecordBatch larger = Batches.counting(Batches.FOREIGN, 0, 20 * ROWS);
      assertThat(Waits.error(writer.emit(larger))).satisfies(this::isFull);
      assertThat(larger.isClosed()).isTrue();
      assertThat(most.sizeBytes()).isEqualTo(free);
    }
    Waits.done(writer.emit(batch));
    writer.tryEmitComplete();
    assertThat(Waits.value(elsewhere(stream).reader(Batches::sum).collectList()))
        .containsExactly(sum(1));
  }

  private void isFull(VineyardException error) {
    assertThat(error.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
    assertThat(error)
        .hasMessageMatching(
            "(?s).*asked for \\d+ bytes, \\d+ of "
                + StreamContracts.CAPACITY_BYTES
                + " bytes are free.*");
  }

  @Test
  default void putThatDoesNotFitLeavesEverythingAsItWas() {
    try (RecordBatch small = foreign(1);
        RecordBatch large = Batches.counting(Batches.FOREIGN, 0, 90 * ROWS)) {
      ObjectId id = Waits.value(store().put(small));
      List<ObjectMeta> before = listed();
      StoreStatus status = Waits.value(other().status());
      assertThat(Waits.error(store().put(large))).satisfies(this::isFull);
      assertThat(listed()).isEqualTo(before);
      Waits.until(
          "the memory that was used before",
          () -> Waits.value(other().status()).usedBytes() == status.usedBytes());
      assertThat(Waits.value(other().status()).objects()).isEqualTo(status.objects());
      try (RecordBatch again = Waits.value(other().get(id, RecordBatch.LAYOUT))) {
        assertThat(Batches.sum(again)).isEqualTo(sum(1));
      }
      Waits.done(store().delete(id));
    }
  }

  @Test
  default void putThatIsCancelledLeavesTheWholeObjectOrNothing() {
    try (RecordBatch batch = Batches.counting(Batches.FOREIGN, 1, 10)) {
      for (int i = 0; i < 100; i++) {
        var putting = store().put(batch).subscribe();
        spin(ThreadLocalRandom.current().nextInt(600_000));
        putting.dispose();
        Waits.until(() -> "all or nothing, there is " + listed(), () -> isAllOrNothing(listed()));
        for (ObjectMeta object : listed()) {
          Waits.done(store().delete(object.requireId()).onErrorComplete());
        }
      }
    }
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private static boolean isAllOrNothing(List<ObjectMeta> listed) {
    return listed.isEmpty() || listed.size() == 3;
  }
}
