package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** What the operators for batches do to rows, to memory and to demand. */
class RecordBatchesTest {
  private static final ArrowType INT64 = new ArrowType.Int(Long.SIZE, true);

  private final BufferAllocator allocator = new RootAllocator();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
  }

  /** Makes a batch of the numbers from one on. */
  private RecordBatch numbers(long from, int rows) {
    BigIntVector vector = new BigIntVector("n", allocator);
    vector.allocateNew(rows);
    for (int i = 0; i < rows; i++) {
      vector.set(i, from + i);
    }
    vector.setValueCount(rows);
    return RecordBatch.of(VectorSchemaRoot.of(vector));
  }

  /** Makes batches of so many rows each, numbered throughout, each when it is asked for. */
  private Flux<RecordBatch> batches(int... rows) {
    return Flux.defer(
        () -> {
          AtomicInteger next = new AtomicInteger();
          return Flux.fromStream(IntStream.of(rows).boxed())
              .map(count -> numbers(next.getAndAdd(count), count));
        });
  }

  private static List<Long> values(RecordBatch batch) {
    try (batch) {
      BigIntVector vector = batch.vector("n", BigIntVector.class);
      return LongStream.range(0, batch.rowCount()).map(i -> vector.get((int) i)).boxed().toList();
    }
  }

  private static List<Long> range(long from, long to) {
    return LongStream.range(from, to).boxed().toList();
  }

  private static int[] sizes(String text) {
    return text.lines()
        .flatMap(line -> Stream.of(line.split(" ")))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "3, 3 3 3, 3 3 3",
    "3, 10, 3 3 3 1",
    "3, 1 1 1 1, 3 1",
    "4, 3 3 3, 4 4 1",
    "5, 0 2 0 20 1, 5 5 5 5 3",
    "100, 1 2 3, 6",
    "1, 3, 1 1 1",
    "2, 0 0, ''",
    "7, '', ''"
  })
  void rebatchedRowsAreTheSameInBatchesOfOneSize(int rows, String in, String out) {
    List<Integer> made = new ArrayList<>();
    List<Long> seen = new ArrayList<>();
    batches(sizes(in))
        .transform(RecordBatches.rebatch(rows, allocator))
        .doOnNext(batch -> made.add(batch.rowCount()))
        .doOnNext(batch -> seen.addAll(values(batch)))
        .blockLast(Waits.PATIENCE);
    assertThat(made).containsExactlyElementsOf(IntStream.of(sizes(out)).boxed().toList());
    assertThat(seen).containsExactlyElementsOf(range(0, IntStream.of(sizes(in)).sum()));
  }

  @Test
  void partsOfOneBatchAreNotCopied() {
    RecordBatch whole = numbers(0, 10);
    long address = whole.vector("n").getDataBufferAddress();
    List<Long> addresses = new ArrayList<>();
    Flux.just(whole)
        .transform(RecordBatches.rebatch(5, allocator))
        .doOnNext(part -> addresses.add(part.vector("n").getDataBufferAddress()))
        .doOnNext(RecordBatch::close)
        .blockLast(Waits.PATIENCE);
    assertThat(addresses).containsExactly(address, address + 5 * Long.BYTES);
  }

  @Test
  void rebatchAsksForOneBatchAtATime() {
    AtomicInteger asked = new AtomicInteger();
    StepVerifier.create(
            batches(10, 10, 10)
                .doOnRequest(n -> asked.addAndGet((int) n))
                .transform(RecordBatches.rebatch(5, allocator)),
            0)
        .thenRequest(1)
        .consumeNextWith(RecordBatch::close)
        .then(() -> assertThat(asked.get()).isLessThanOrEqualTo(1))
        .thenRequest(2)
        .consumeNextWith(RecordBatch::close)
        .consumeNextWith(RecordBatch::close)
        .then(() -> assertThat(asked.get()).isLessThanOrEqualTo(2))
        .thenCancel()
        .verify(Waits.PATIENCE);
  }

  @Test
  void rebatchClosesWhatItHoldsAtAnErrorAndAtACancel() {
    RecordBatch held = numbers(0, 4);
    StepVerifier.create(
            Flux.just(held)
                .concatWith(Flux.error(new IllegalStateException("it broke")))
                .transform(RecordBatches.rebatch(3, allocator)))
        .consumeNextWith(RecordBatch::close)
        .consumeNextWith(rest -> assertThat(values(rest)).containsExactly(3L))
        .expectErrorMessage("it broke")
        .verify(Waits.PATIENCE);
    assertThat(held.isClosed()).isTrue();
    RecordBatch few = numbers(0, 2);
    RecordBatch many = numbers(2, 20);
    StepVerifier.create(
            Flux.just(few, many)
                .concatWith(Flux.never())
                .transform(RecordBatches.rebatch(3, allocator)),
            1)
        .consumeNextWith(RecordBatch::close)
        .thenCancel()
        .verify(Waits.PATIENCE);
    assertThat(few.isClosed()).isTrue();
    assertThat(many.isClosed()).isTrue();
  }

  @Test
  void cancelFromAnotherThreadLosesNothing() {
    Scheduler elsewhere = Schedulers.newParallel("elsewhere", 2);
    try {
      for (int round = 0; round < 500; round++) {
        AtomicInteger seen = new AtomicInteger();
        BaseSubscriber<RecordBatch> reading =
            new BaseSubscriber<>() {
              @Override
              protected void hookOnSubscribe(Subscription subscription) {
                subscription.request(2);
              }

              @Override
              protected void hookOnNext(RecordBatch batch) {
                seen.incrementAndGet();
                batch.close();
                elsewhere.schedule(() -> request(1));
              }
            };
        batches(4, 1, 7, 2, 3, 5, 9, 1, 1, 6)
            .repeat()
            .subscribeOn(elsewhere)
            .transform(RecordBatches.rebatch(3, allocator))
            .subscribe(reading);
        Waits.until("some batches", () -> seen.get() > 3);
        reading.dispose();
        Waits.until("no memory", () -> allocator.getAllocatedMemory() == 0);
      }
    } finally {
      elsewhere.dispose();
    }
  }

  @Test
  void rebatchHoldsNoLeaseOfWhatItJoins() {
    try (EmbeddedStoreUse use = new EmbeddedStoreUse()) {
      RecordBatchStream stream =
          RecordBatchStream.create(use.store, StreamSpec.create().windowChunks(2))
              .block(Waits.PATIENCE);
      StreamWriter<RecordBatch> writer = stream.writerNow();
      Flux<RecordBatch> source = Flux.range(0, 50).map(i -> numbers(10L * i, 10));
      List<Long> seen =
          Flux.merge(
                  writer.write(source).then(Mono.<List<Long>>empty()),
                  stream
                      .reader()
                      .transform(RecordBatches.rebatch(500, allocator))
                      .map(RecordBatchesTest::values))
              .blockLast(Waits.PATIENCE);
      assertThat(seen).containsExactlyElementsOf(range(0, 500));
      Waits.done(writer.onDrained());
    }
  }

  /** A store of a test. */
  private static final class EmbeddedStoreUse implements AutoCloseable {
    final ObjectStore store = EmbeddedStore.create().capacity(1 << 24).segmentBytes(1 << 20).open();

    @Override
    public void close() {
      Waits.untilIdle(store);
      store.close();
    }
  }

  @Test
  void rebatchBeginsAnewWhereTheSchemaChanges() {
    Flux<RecordBatch> source =
        Flux.just(1, 2, 3).map(i -> i == 2 ? people("ann", "bob") : numbers(i, 2));
    List<Integer> columns = new ArrayList<>();
    source
        .transform(RecordBatches.rebatch(10, allocator))
        .doOnNext(batch -> columns.add(batch.rowCount() * 10 + batch.columnCount()))
        .doOnNext(RecordBatch::close)
        .blockLast(Waits.PATIENCE);
    assertThat(columns).containsExactly(21, 21, 21);
  }

  private RecordBatch people(String... names) {
    return RecordBatches.fromRows(Named.class, 10, allocator)
        .apply(Flux.just(names).map(Named::new))
        .blockLast(Waits.PATIENCE);
  }

  private record Named(String name) {}

  /** A batch with a dictionary of two values. */
  private RecordBatch encoded(String first, String second, int rows) {
    try (VarCharVector values = new VarCharVector("values", allocator);
        VarCharVector plain = new VarCharVector("t", allocator)) {
      values.allocateNew();
      values.setSafe(0, first.getBytes(StandardCharsets.UTF_8));
      values.setSafe(1, second.getBytes(StandardCharsets.UTF_8));
      values.setValueCount(2);
      plain.allocateNew();
      for (int i = 0; i < rows; i++) {
        plain.setSafe(i, values.get(i % 2));
      }
      plain.setValueCount(rows);
      Dictionary dictionary = new Dictionary(values, new DictionaryEncoding(1, false, null));
      IntVector indices = (IntVector) DictionaryEncoder.encode(plain, dictionary);
      return RecordBatch.of(
          VectorSchemaRoot.of(indices), new DictionaryProvider.MapDictionaryProvider(dictionary));
    }
  }

  private record Text(String t) {}

  @Test
  void dictionariesAreJoinedIfTheyAreTheSame() {
    List<Integer> sizes = new ArrayList<>();
    List<String> texts =
        Flux.range(0, 3)
            .map(i -> i < 2 ? encoded("a", "b", 3) : encoded("c", "d", 3))
            .transform(RecordBatches.rebatch(6, allocator))
            .doOnNext(batch -> sizes.add(batch.rowCount()))
            .transform(RecordBatches.toRows(Text.class))
            .map(Text::t)
            .collectList()
            .block(Waits.PATIENCE);
    assertThat(texts).containsExactly("a", "b", "a", "a", "b", "a", "c", "d", "c");
    assertThat(sizes).containsExactly(6, 3);
  }

  @Test
  void limitCutsTheLastBatchAndCancels() {
    for (int rows : new int[] {0, 1, 5, 7, 10, 12}) {
      AtomicInteger made = new AtomicInteger();
      List<Long> seen = new ArrayList<>();
      Flux.range(0, 10)
          .doOnNext(i -> made.incrementAndGet())
          .map(i -> numbers(5L * i, 5))
          .transform(RecordBatches.limitRows(rows))
          .doOnNext(batch -> seen.addAll(values(batch)))
          .blockLast(Waits.PATIENCE);
      assertThat(seen).containsExactlyElementsOf(range(0, rows));
      assertThat(made.get()).isEqualTo((rows + 4) / 5);
    }
  }

  @Test
  void tableHasAllRowsAndNoBatchIsHeld() {
    Function<Flux<RecordBatch>, Mono<RecordBatch>> collect = RecordBatches.collectTable(allocator);
    assertThat(values(batches(3, 0, 4).as(collect).block(Waits.PATIENCE)))
        .containsExactlyElementsOf(range(0, 7));
    assertThat(Flux.<RecordBatch>empty().as(collect).block(Waits.PATIENCE)).isNull();
    try (RecordBatch empty = batches(0).as(collect).block(Waits.PATIENCE)) {
      assertThat(empty.columnCount()).isEqualTo(1);
    }
    StepVerifier.create(Flux.just(numbers(0, 1), people("ann")).as(collect))
        .expectErrorSatisfies(
            error ->
                assertThat(error)
                    .isInstanceOfSatisfying(
                        VineyardException.class,
                        typed -> assertThat(typed.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH)))
        .verify(Waits.PATIENCE);
    StepVerifier.create(batches(3).concatWith(Flux.never()).as(collect))
        .thenAwait()
        .thenCancel()
        .verify(Waits.PATIENCE);
  }

  @Test
  void columnsAreBroughtToOneSchema() {
    Schema target =
        new Schema(
            List.of(
                Field.nullable("name", ArrowType.Utf8.INSTANCE),
                Field.nullable("n", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE))));
    IntVector narrow = new IntVector("n", allocator);
    narrow.allocateNew(2);
    narrow.set(0, 7);
    narrow.setNull(1);
    narrow.setValueCount(2);
    List<String> rows =
        RecordBatches.concat(
                target,
                allocator,
                List.of(
                    Flux.just(RecordBatch.of(VectorSchemaRoot.of(narrow))),
                    Flux.defer(() -> Flux.just(people("ann")))))
            .transform(RecordBatches.toRows(Both.class))
            .map(Both::toString)
            .collectList()
            .block(Waits.PATIENCE);
    assertThat(rows)
        .containsExactly(
            "Both[name=null, n=7.0]", "Both[name=null, n=null]", "Both[name=ann, n=null]");
  }

  private record Both(String name, Double n) {}

  @Test
  void columnsThatWouldLoseSomethingAreRefused() {
    Schema narrow = new Schema(List.of(Field.nullable("n", new ArrowType.Int(32, true))));
    Schema strict = new Schema(List.of(new Field("x", FieldType.notNullable(INT64), null)));
    for (Schema wrong : List.of(narrow, strict)) {
      RecordBatch batch = numbers(0, 3);
      StepVerifier.create(Flux.just(batch).transform(RecordBatches.withSchema(wrong, allocator)))
          .expectErrorSatisfies(
              error -> assertThat(error).hasMessageContaining(wrong.getFields().get(0).toString()))
          .verify(Waits.PATIENCE);
      assertThat(batch.isClosed()).isTrue();
    }
  }

  private enum Color {
    RED,
    BLUE
  }

  private record Everything(
      boolean flag,
      byte tiny,
      short small,
      int medium,
      long large,
      float single,
      double precise,
      String text,
      Color color,
      byte[] bytes,
      LocalDate date,
      LocalTime time,
      LocalDateTime local,
      Instant instant,
      Duration duration,
      Integer boxed) {}

  @Test
  void recordsGoThroughBatchesAndBack() {
    List<Everything> records = new ArrayList<>();
    for (int i = -5; i < 5; i++) {
      boolean none = i == 0;
      records.add(
          new Everything(
              i > 0,
              (byte) (i * 20),
              (short) (i * 6000),
              i * 400_000_000,
              i * 1_800_000_000_000_000_000L,
              i / 3f,
              i / 3.0,
              none ? null : "text " + i,
              none ? null : Color.values()[i & 1],
              none ? null : new byte[] {(byte) i, 2},
              none ? null : LocalDate.ofEpochDay(i * 1000L),
              none ? null : LocalTime.ofNanoOfDay((i + 5) * 1_000_000_000_001L),
              none ? null : LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000).plusHours(i),
              none ? null : Instant.ofEpochSecond(i, 123_456_000),
              none ? null : Duration.ofNanos(i * 1_234_567_000L),
              none ? null : i));
    }
    List<Everything> back =
        Flux.fromIterable(records)
            .transform(RecordBatches.fromRows(Everything.class, 4, allocator))
            .transform(RecordBatches.toRows(Everything.class))
            .collectList()
            .block(Waits.PATIENCE);
    assertThat(back).usingRecursiveComparison().isEqualTo(records);
  }

  private record Small(int n) {}

  private record Decimals(BigDecimal d) {}

  private record Unknown(Thread thread) {}

  record Picky(long n) {
    Picky {
      if (n == 1) {
        throw new IllegalArgumentException("not one");
      }
    }
  }

  @Test
  void valuesThatDoNotFitAreTypedErrors() {
    assertRefused(numbers(Integer.MAX_VALUE, 2), Small.class, ErrorCode.TYPE_ERROR, "row 1");
    assertRefused(numbers(0, 1), Text.class, ErrorCode.KEY_ERROR, "[n]");
    assertRefused(people("ann"), NameAsNumber.class, ErrorCode.TYPE_ERROR, "name");
    BigIntVector nulls = new BigIntVector("n", allocator);
    nulls.allocateNew(1);
    nulls.setValueCount(1);
    assertRefused(
        RecordBatch.of(VectorSchemaRoot.of(nulls)), Small.class, ErrorCode.TYPE_ERROR, "null");
    assertThatThrownBy(() -> RecordBatches.toRows(Unknown.class))
        .hasMessageContaining("thread")
        .isInstanceOf(VineyardException.class);
    assertThatThrownBy(() -> RecordBatches.fromRows(Decimals.class, 1, allocator))
        .hasMessageContaining("BigDecimal")
        .isInstanceOf(VineyardException.class);
    StepVerifier.create(batches(3).transform(RecordBatches.toRows(Picky.class)))
        .expectErrorMessage("not one")
        .verify(Waits.PATIENCE);
  }

  private record NameAsNumber(long name) {}

  private <R extends Record> void assertRefused(
      RecordBatch batch, Class<R> type, ErrorCode code, String says) {
    StepVerifier.create(Flux.just(batch).transform(RecordBatches.toRows(type)))
        .expectErrorSatisfies(
            error -> {
              assertThat(error).hasMessageContaining(says);
              assertThat(((VineyardException) error).code()).isEqualTo(code);
            })
        .verify(Waits.PATIENCE);
    assertThat(batch.isClosed()).isTrue();
  }

  @Test
  void decimalsAndFractionsAreRead() {
    DecimalVector decimals = new DecimalVector("d", allocator, 10, 2);
    decimals.allocateNew(1);
    decimals.set(0, new BigDecimal("12.34"));
    decimals.setValueCount(1);
    StepVerifier.create(
            Flux.just(RecordBatch.of(VectorSchemaRoot.of(decimals)))
                .transform(RecordBatches.toRows(Decimals.class)))
        .expectNext(new Decimals(new BigDecimal("12.34")))
        .verifyComplete();
    Float8Vector fractions = new Float8Vector("n", allocator);
    fractions.allocateNew(1);
    fractions.set(0, 1.5);
    fractions.setValueCount(1);
    StepVerifier.create(
            Flux.just(RecordBatch.of(VectorSchemaRoot.of(fractions)))
                .transform(RecordBatches.toRows(Fraction.class)))
        .expectNext(new Fraction(1.5))
        .verifyComplete();
  }

  private record Fraction(double n) {}

  @Test
  void argumentsAreChecked() {
    for (ThrowingCallable wrong :
        List.<ThrowingCallable>of(
            () -> RecordBatches.rebatch(0, allocator),
            () -> RecordBatches.limitRows(-1),
            () -> RecordBatches.fromRows(Small.class, 0, allocator))) {
      assertThatThrownBy(wrong)
          .isInstanceOfSatisfying(
              VineyardException.class,
              error -> assertThat(error.code()).isEqualTo(ErrorCode.INVALID));
    }
  }
}
