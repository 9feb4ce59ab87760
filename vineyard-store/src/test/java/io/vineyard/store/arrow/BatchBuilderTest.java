package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchBuilderTest {
  private static final ArrowType LONG = new ArrowType.Int(Long.SIZE, true);
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              new Field("always", FieldType.notNullable(LONG), null),
              new Field("sometimes", FieldType.nullable(LONG), null),
              new Field("flag", FieldType.nullable(ArrowType.Bool.INSTANCE), null)));

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
    allocator.close();
  }

  private static void fill(List<FieldVector> columns) {
    BigIntVector always = (BigIntVector) columns.get(0);
    BigIntVector sometimes = (BigIntVector) columns.get(1);
    BitVector flag = (BitVector) columns.get(2);
    for (int row = 0; row < always.getValueCount(); row++) {
      always.set(row, row);
      flag.set(row, row % 3 == 0 ? 1 : 0);
      if (row % 2 == 0) {
        sometimes.set(row, 2L * row);
      } else {
        sometimes.setNull(row);
      }
    }
  }

  private static void check(RecordBatch batch, int rows) {
    assertThat(batch.rowCount()).isEqualTo(rows);
    assertThat(batch.schema()).isEqualTo(SCHEMA);
    for (int row = 0; row < rows; row++) {
      assertThat(batch.vector(0).getObject(row)).isEqualTo((long) row);
      assertThat(batch.vector(1).getObject(row)).isEqualTo(row % 2 == 0 ? 2L * row : null);
      assertThat(batch.vector(2).getObject(row)).isEqualTo(row % 3 == 0);
    }
  }

  @Test
  void batchHasTheValuesThatWereSet() {
    BatchBuilder batches = BatchBuilder.of(SCHEMA, allocator);
    for (int rows : new int[] {0, 1, 7, 8, 1000}) {
      try (RecordBatch batch = batches.build(rows, BatchBuilderTest::fill);
          RecordBatch copy = batch.copyTo(allocator);
          RecordBatch part = batch.slice(rows / 2, rows - rows / 2)) {
        check(batch, rows);
        check(copy, rows);
        assertThat(copy.hasSameContent(batch)).isTrue();
        assertThat(part.rowCount()).isEqualTo(rows - rows / 2);
        if (rows > 0) {
          assertThat(part.vector(0).getObject(0)).isEqualTo((long) (rows / 2));
        }
      }
    }
  }

  @Test
  void nullInAColumnWithoutNullsIsRefusedAndHurtsNoOtherBatch() {
    BatchBuilder batches = BatchBuilder.of(SCHEMA, allocator);
    try (RecordBatch before = batches.build(100, BatchBuilderTest::fill)) {
      assertThatThrownBy(() -> batches.build(100, vectors -> vectors.get(0).setNull(7)))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID))
          .hasMessageContaining("not nullable");
      assertThat(before.vector(0).isNull(7)).isFalse();
    }
  }

  @Test
  void batchIsPublishedWhereItIs() {
    try (ObjectStore store = EmbeddedStore.create().segmentBytes(1 << 20).open()) {
      ObjectId id = Waits.value(store.createStream(StreamSpec.create())).id();
      ChunkWriter writer = Waits.value(store.openWriter(id));
      BufferAllocator shared = ChunkCodec.allocator(writer.memory());
      ChunkCodec.Encoder<RecordBatch> encoder = ChunkCodec.recordBatches().encoder(writer);
      RecordBatch batch = BatchBuilder.of(SCHEMA, shared).build(100, BatchBuilderTest::fill);
      ChunkCodec.Encoded encoded = encoder.tryEncode(batch);
      assertThat(encoded.copiedBytes()).isZero();
      assertThat(shared.getAllocatedMemory()).isLessThanOrEqualTo(100 * 2 * Long.BYTES + 4 * 64);
      encoded.discard();
      batch.close();
      encoder.close();
      assertThat(shared.getAllocatedMemory()).isZero();
      shared.close();
      writer.close();
      Waits.done(store.delete(id));
    }
  }

  @Test
  void columnMayGrowWhereItIsFilled() {
    BatchBuilder batches = BatchBuilder.of(SCHEMA, allocator);
    try (RecordBatch batch =
        batches.build(
            10,
            columns -> {
              fill(columns);
              ((BigIntVector) columns.get(0)).setSafe(5000, 1);
              columns.get(0).setValueCount(10);
            })) {
      check(batch, 10);
    }
  }

  @Test
  void memoryOfABatchThatIsNotFilledComesBack() {
    BatchBuilder batches = BatchBuilder.of(SCHEMA, allocator);
    assertThatThrownBy(
            () ->
                batches.build(
                    10,
                    columns -> {
                      throw new IllegalStateException("no data");
                    }))
        .hasMessage("no data");
    assertThatThrownBy(() -> batches.build(-1, columns -> {})).satisfies(code(ErrorCode.INVALID));
  }

  @Test
  void columnsOfVariableWidthAreRefused() {
    Schema text = new Schema(List.of(Field.nullable("t", ArrowType.Utf8.INSTANCE)));
    assertThatThrownBy(() -> BatchBuilder.of(text, allocator))
        .satisfies(code(ErrorCode.UNSUPPORTED))
        .hasMessageContaining("t: Utf8");
  }

  private static Consumer<Throwable> code(ErrorCode code) {
    return error ->
        assertThat(error)
            .isInstanceOfSatisfying(
                VineyardException.class, typed -> assertThat(typed.code()).isEqualTo(code));
  }
}
