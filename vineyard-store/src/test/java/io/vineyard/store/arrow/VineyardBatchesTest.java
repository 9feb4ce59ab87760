package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.vineyard.HeldTypes;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.Disposable;

/** Batches are stored as Vineyard has them, and read again. */
class VineyardBatchesTest {
  private static final int ROWS = 37;

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private final ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open();

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(store);
    store.close();
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<RandomTypes.Type> held() {
    return RandomTypes.all().stream().filter(VineyardBatchesTest::isHeld).toList();
  }

  static List<RandomTypes.Type> notHeld() {
    return RandomTypes.all().stream().filter(type -> !isHeld(type)).toList();
  }

  private static boolean isHeld(RandomTypes.Type type) {
    return HeldTypes.canHold(new Schema(fields(type)));
  }

  private static List<Field> fields(RandomTypes.Type type) {
    return List.of(RandomBatches.field("x", type));
  }

  @ParameterizedTest
  @MethodSource("held")
  void batchIsReadAsItWasWritten(RandomTypes.Type type) {
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    for (int rows : new int[] {0, 1, ROWS}) {
      try (RecordBatch batch = random.batch(fields(type), rows)) {
        assertReadAsWritten(batch);
      }
    }
    try (RecordBatch batch = random.batch(fields(type), ROWS);
        RecordBatch slice = batch.slice(3, ROWS - 5);
        RecordBatch empty = batch.slice(5, 0)) {
      assertReadAsWritten(slice);
      assertReadAsWritten(empty);
    }
  }

  @Test
  void columnsOfAllTypesAreOneBatch() {
    List<Field> fields = new ArrayList<>();
    held().forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    try (RecordBatch batch = new RandomBatches(5, allocator).batch(fields, ROWS)) {
      assertReadAsWritten(batch);
    }
  }

  private void assertReadAsWritten(RecordBatch batch) {
    ObjectId id = Waits.value(VineyardBatches.store(batch, store));
    ObjectMeta meta = Waits.value(store.getMeta(id));
    assertThat(meta.typeName()).isEqualTo("vineyard::RecordBatch");
    assertThat(meta.field("row_num_", Long.class)).isEqualTo(batch.rowCount());
    try (RecordBatch read = Waits.value(store.get(id, RecordBatch.LAYOUT))) {
      SameValues.check(read, batch);
    }
    Waits.done(store.delete(id));
  }

  @ParameterizedTest
  @MethodSource("notHeld")
  void typeThatVineyardHasNotIsRefused(RandomTypes.Type type) {
    try (RecordBatch batch = new RandomBatches(3, allocator).batch(fields(type), ROWS)) {
      VineyardException refused = Waits.error(VineyardBatches.store(batch, store));
      assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED);
      assertThat(refused).hasMessageContaining("column x");
    }
  }

  @Test
  void nothingStaysOfABatchThatDoesNotFit() {
    List<Field> fields = fields(RandomTypes.flat().get(5));
    try (ObjectStore small = EmbeddedStore.create().segmentBytes(1 << 16).capacity(1 << 17).open();
        RecordBatch batch = new RandomBatches(3, allocator).batch(fields, 1 << 18)) {
      VineyardException refused = Waits.error(VineyardBatches.store(batch, small));
      assertThat(refused.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY);
      Waits.untilIdle(small);
    }
  }

  @Test
  void nothingStaysOfABatchThatNobodyWaitsFor() {
    List<Field> fields = new ArrayList<>();
    held().forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    try (RecordBatch batch = new RandomBatches(5, allocator).batch(fields, ROWS)) {
      for (int round = 0; round < 50; round++) {
        List<ObjectId> stored = new ArrayList<>();
        Disposable storing = VineyardBatches.store(batch, store).subscribe(stored::add);
        long until = System.nanoTime() + round * 20_000L;
        while (System.nanoTime() < until) {
          Thread.onSpinWait();
        }
        storing.dispose();
        List<ObjectMeta> found = Waits.value(store.list("vineyard::RecordBatch", 10).collectList());
        found.forEach(meta -> Waits.done(store.delete(meta.requireId())));
        Waits.untilIdle(store);
      }
    }
  }
}
