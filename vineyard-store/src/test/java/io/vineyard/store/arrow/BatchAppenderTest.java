package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whether batches that were joined, and brought to schemas, have the same values. */
class BatchAppenderTest {
  private static final int ROWS = 50;

  /** What {@link BatchAppender} says that it can't join; also within others. */
  private static final Set<Class<? extends ArrowType>> UNSUPPORTED =
      Set.of(
          ArrowType.Union.class,
          ArrowType.RunEndEncoded.class,
          ArrowType.ListView.class,
          ArrowType.LargeListView.class);

  private static final Set<Class<? extends ArrowType>> UNSUPPORTED_WITHIN =
      Set.of(ArrowType.Utf8View.class, ArrowType.BinaryView.class, ArrowType.Null.class);

  private final BufferAllocator allocator = new RootAllocator();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
  }

  static List<RandomTypes.Type> types() {
    return RandomTypes.all();
  }

  private static boolean isSupported(Field field) {
    return !UNSUPPORTED.contains(field.getType().getClass())
        && field.getChildren().stream()
            .allMatch(
                child ->
                    isSupported(child) && !UNSUPPORTED_WITHIN.contains(child.getType().getClass()));
  }

  @ParameterizedTest
  @MethodSource("types")
  void partsOfABatchAreJoinedToTheSame(RandomTypes.Type type) {
    Field field = RandomBatches.field("x", type);
    RandomBatches random = new RandomBatches(type.toString().hashCode(), allocator);
    try (RecordBatch whole = random.batch(List.of(field), ROWS);
        BatchAppender appender = BatchAppender.over(allocator)) {
      if (!isSupported(field)) {
        assertThatThrownBy(() -> appender.append(whole))
            .isInstanceOfSatisfying(
                VineyardException.class,
                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.UNSUPPORTED));
        assertThat(appender.rowCount()).isZero();
        return;
      }
      for (int[] part : new int[][] {{0, 7}, {7, 0}, {7, 13}, {20, 1}, {21, ROWS - 21}}) {
        try (RecordBatch slice = whole.slice(part[0], part[1])) {
          assertThat(appender.fits(slice)).isTrue();
          appender.append(slice);
        }
      }
      assertThat(appender.rowCount()).isEqualTo(ROWS);
      try (RecordBatch joined = appender.take()) {
        assertThat(joined.hasSameContent(whole))
            .as("%s%nis the same as%n%s", joined.toTable(ROWS), whole.toTable(ROWS))
            .isTrue();
        joined.checked();
      }
      assertThat(appender.take()).isNull();
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void whatIsJoinedOutlivesWhatItWasJoinedOf(RandomTypes.Type type) {
    Field field = RandomBatches.field("x", type);
    if (!isSupported(field)) {
      return;
    }
    RandomBatches random = new RandomBatches(1, allocator);
    List<Field> fields = List.of(field);
    try (BufferAllocator sources = allocator.newChildAllocator("sources", 0, Long.MAX_VALUE);
        BatchAppender appender = BatchAppender.over(allocator);
        RecordBatch original = random.batch(fields, ROWS)) {
      try (RecordBatch source = original.copyTo(sources)) {
        appender.append(source);
      }
      assertThat(sources.getAllocatedMemory()).isZero();
      try (RecordBatch joined = appender.take()) {
        assertThat(joined.hasSameContent(original)).isTrue();
      }
    }
  }

  @Test
  void dictionariesGoWithTheRows() {
    RandomBatches random = new RandomBatches(7, allocator);
    List<Field> values = new ArrayList<>();
    RandomTypes.inDictionaries()
        .forEach(type -> values.add(RandomBatches.field("v" + values.size(), type)));
    try (RecordBatch whole = random.dictionaryBatch(values, ROWS);
        RecordBatch other = random.dictionaryBatch(values, ROWS);
        BatchAppender appender = BatchAppender.over(allocator);
        RecordBatch first = whole.slice(0, 20);
        RecordBatch second = whole.slice(20, ROWS - 20)) {
      appender.append(first);
      assertThat(appender.fits(other)).isFalse();
      assertThatThrownBy(() -> appender.append(other))
          .isInstanceOfSatisfying(
              VineyardException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH));
      appender.append(second);
      try (RecordBatch joined = appender.take()) {
        assertThat(joined.hasSameContent(whole)).isTrue();
      }
    }
  }

  @Test
  void memoryThatIsNotThereIsATypedErrorAndNothingIsKept() {
    RandomBatches random = new RandomBatches(3, allocator);
    List<Field> fields =
        RandomTypes.inDictionaries().stream().map(type -> RandomBatches.field("x", type)).toList();
    try (RecordBatch batch = random.batch(fields, ROWS)) {
      long most = batch.sizeBytes() * 4;
      for (long limit = 64; limit < most; limit += most / 50) {
        assertRefused(batch, limit);
      }
    }
  }

  private void assertRefused(RecordBatch batch, long limit) {
    try (BufferAllocator little = allocator.newChildAllocator("little", 0, limit);
        BatchAppender appender = BatchAppender.over(little)) {
      assertThatThrownBy(() -> IntStream.range(0, 100).forEach(i -> appender.append(batch)))
          .isInstanceOfSatisfying(
              VineyardException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY));
      assertThat(little.getAllocatedMemory()).isZero();
    }
  }

  @Test
  void closedAppenderTakesNothing() {
    BatchAppender appender = BatchAppender.over(allocator);
    RandomBatches random = new RandomBatches(5, allocator);
    Field field = Field.nullable("x", new ArrowType.Int(32, true));
    try (RecordBatch batch = random.batch(List.of(field), 3)) {
      appender.append(batch);
      appender.close();
      appender.close();
      assertThatThrownBy(() -> appender.append(batch))
          .isInstanceOfSatisfying(
              VineyardException.class,
              refused -> assertThat(refused.code()).isEqualTo(ErrorCode.ALREADY_STOPPED));
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void missingColumnsAreNull(RandomTypes.Type type) {
    Field missing = RandomBatches.field("missing", type);
    Field there = Field.nullable("x", new ArrowType.Int(32, true));
    RandomBatches random = new RandomBatches(5, allocator);
    try (RecordBatch batch = random.batch(List.of(there), ROWS)) {
      var target = new Schema(List.of(missing, there));
      boolean hasNulls =
          missing.isNullable()
              && !(type.type() instanceof ArrowType.Union)
              && !(type.type() instanceof ArrowType.RunEndEncoded);
      if (!hasNulls) {
        assertThatThrownBy(() -> batch.withSchema(target, allocator))
            .isInstanceOfSatisfying(
                VineyardException.class,
                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH));
        return;
      }
      try (RecordBatch brought = batch.withSchema(target, allocator)) {
        assertThat(brought.vector("missing").getNullCount()).isEqualTo(ROWS);
        assertThat(brought.vector("x").getDataBuffer().memoryAddress())
            .isEqualTo(batch.vector("x").getDataBuffer().memoryAddress());
        brought.checked();
      }
    }
  }
}
