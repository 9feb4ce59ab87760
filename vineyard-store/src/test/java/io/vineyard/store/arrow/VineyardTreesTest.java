package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.Layout;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What Vineyard's Python client has made of values is read in place, or refused. */
class VineyardTreesTest {
  private static final long SEED = 1817;
  private static final int MUTATIONS = 150;
  private static final Set<ErrorCode> CODES =
      EnumSet.of(
          ErrorCode.ARROW_ERROR,
          ErrorCode.OBJECT_TYPE_ERROR,
          ErrorCode.OBJECT_NOT_EXISTS,
          ErrorCode.UNSUPPORTED,
          ErrorCode.LIMIT_REACHED);

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  static List<String> readable() throws IOException {
    return RecordedTree.names(true);
  }

  static List<String> refused() throws IOException {
    return RecordedTree.names(false);
  }

  @ParameterizedTest
  @MethodSource("readable")
  void treeHasTheValuesThatPythonPutIn(String name) throws IOException {
    RecordedTree tree = RecordedTree.open(name, allocator);
    List<RecordBatch> expected = RecordedTree.expected(name, allocator);
    assertThat(RecordBatch.TABLE_LAYOUT.accepts(tree.meta().typeName())).isTrue();
    List<RecordBatch> batches = RecordBatch.TABLE_LAYOUT.open(tree);
    assertThat(batches).hasSameSizeAs(expected);
    for (int i = 0; i < batches.size(); i++) {
      assertSame(batches.get(i), expected.get(i));
    }
    closeAll(batches);
    closeAll(expected);
    assertThat(tree.closes()).isEqualTo(1);
  }

  private static void assertSame(RecordBatch batch, RecordBatch expected) {
    assertThat(batch.schema()).isEqualTo(expected.schema());
    assertThat(batch.rowCount()).isEqualTo(expected.rowCount());
    for (int i = 0; i < batch.columnCount(); i++) {
      for (int row = 0; row < batch.rowCount(); row++) {
        assertThat(batch.vector(i).getObject(row))
            .as("%s in row %s", batch.vector(i).getField(), row)
            .isEqualTo(expected.vector(i).getObject(row));
      }
    }
    assertThat(batch.hasSameContent(expected)).isTrue();
  }

  private static void closeAll(List<RecordBatch> batches) {
    batches.forEach(RecordBatch::close);
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatCanNotBeReadIsRefusedByName(String name) {
    RecordedTree tree = RecordedTree.open(name, allocator);
    if (!RecordBatch.LAYOUT.accepts(tree.meta().typeName())) {
      tree.close();
      return;
    }
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> RecordBatch.LAYOUT.open(tree))
        .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.OBJECT_TYPE_ERROR))
        .withMessageStartingWith("expected ")
        .withMessageContaining(", got ")
        .withMessageContaining("vineyard::");
    assertThat(tree.closes()).isEqualTo(1);
  }

  @Test
  void pickledColumnIsNamed() {
    RecordedTree tree = RecordedTree.open("refused_batch_with_struct", allocator);
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> RecordBatch.LAYOUT.open(tree))
        .withMessageContaining("NumericArray")
        .withMessageContaining("member __columns_-1")
        .withMessageContaining("vineyard::PickleBuffer");
  }

  @Test
  void onlyBitsThatBeginWithinAByteAreCopied() {
    for (String name : List.of("batch", "batch_slice_8", "batch_slice_9")) {
      RecordedTree tree = RecordedTree.open(name, allocator);
      boolean areShifted = name.endsWith("9");
      try (RecordBatch batch = RecordBatch.LAYOUT.open(tree)) {
        batch.vectors().forEach(vector -> assertIsInPlace(vector, tree, areShifted));
      }
    }
  }

  private static void assertIsInPlace(FieldVector vector, RecordedTree tree, boolean isShifted) {
    if (vector.getFieldBuffers().size() > 1 && !(vector instanceof BitVector)) {
      assertThat(tree.contains(vector.getFieldBuffers().get(1))).isTrue();
      boolean hasNulls = vector.getNullCount() > 0;
      assertThat(hasNulls && !tree.contains(vector.getValidityBuffer()))
          .isEqualTo(hasNulls && isShifted);
    }
  }

  @Test
  void tableOfManyBatchesIsNotOne() {
    RecordedTree tree = RecordedTree.open("table", allocator);
    assertThatExceptionOfType(VineyardException.class)
        .isThrownBy(() -> RecordBatch.LAYOUT.open(tree))
        .withMessageContaining("a table of one batch, got 2");
    assertThat(tree.closes()).isEqualTo(1);
  }

  @Test
  void tableOfAtMostOneBatchIsOne() {
    for (String name : List.of("table_of_one", "table_empty")) {
      try (RecordBatch batch = RecordBatch.LAYOUT.open(RecordedTree.open(name, allocator))) {
        assertThat(batch.columnCount()).isPositive();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("readable")
  void treeIsHarmlessWhateverIsChanged(String name) {
    Random random = new Random(SEED + name.hashCode());
    ObjectMeta meta = RecordedTree.meta(name);
    Map<ObjectId, byte[]> blobs = RecordedTree.blobs(name);
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      TreeMutator mutator = new TreeMutator(random);
      ObjectMeta mutant = mutator.mutate(meta);
      Map<ObjectId, byte[]> other = new HashMap<>(blobs);
      if (!other.isEmpty() && random.nextInt(4) == 0) {
        mutator.mutate(other);
      }
      RecordedTree tree = new RecordedTree(mutant, other, allocator);
      refused += isReadable(tree, RecordBatch.TABLE_LAYOUT) ? 0 : 1;
      assertThat(tree.closes()).isEqualTo(1);
      assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
    }
    assertThat(refused).isPositive();
  }

  private static boolean isReadable(RecordedTree tree, Layout<List<RecordBatch>> layout) {
    List<RecordBatch> batches = new ArrayList<>();
    try {
      batches.addAll(layout.open(tree));
      batches.forEach(EveryValue::read);
      return true;
    } catch (VineyardException refused) {
      assertThat(refused.code()).as(refused.getMessage()).isIn(CODES);
      return false;
    } finally {
      closeAll(batches);
    }
  }
}
