package io.vineyard.reactive;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.BatchAppender;
import io.vineyard.store.arrow.RecordBatch;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What users of batches need and Reactor has not got: functions for {@link Flux#transform} and
 * {@link Flux#as}.
 *
 * <pre>{@code
 * stream.reader()
 *     .transform(RecordBatches.limitRows(1_000_000))
 *     .transform(RecordBatches.rebatch(10_000, allocator))
 *     .transform(RecordBatches.toRows(Flight.class))
 *     .subscribe(System.out::println);
 * }</pre>
 *
 * <p>Each passes demand on, and asks its source for one batch at a time where one makes several;
 * what was made of the batches before an error comes before it. Batches that come in belong to the
 * operator, batches that go out to the subscriber; what is in between when a subscription ends is
 * closed. Signals come on the threads of the source, and of whoever requests. Whatever needs memory
 * takes it from the allocator that it is given, which stays the caller's: with that of a {@link
 * StreamWriter} the result is published without a further copy.
 */
public final class RecordBatches {
  private RecordBatches() {}

  /**
   * Makes batches of exactly so many rows; the last one has what is left.
   *
   * <p>A part of one batch is a slice of it and copies nothing; rows of several batches are copied
   * together as they arrive, so that their leases are not held. Where the schema or the values of a
   * dictionary change, a new batch begins. Batches without rows are left out.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} for less than 1 row
   */
  public static Function<Flux<RecordBatch>, Flux<RecordBatch>> rebatch(
      int rows, BufferAllocator allocator) {
    checkRows(rows, 1);
    Objects.requireNonNull(allocator, "allocator");
    return source -> Flattening.of(source, () -> new Rebatching(rows, allocator));
  }

  /**
   * Lets so many rows through, then cancels the source and completes; the last batch is cut to fit.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} for less than 0 rows
   */
  public static Function<Flux<RecordBatch>, Flux<RecordBatch>> limitRows(long rows) {
    checkRows(rows, 0);
    return source ->
        rows == 0
            ? Flux.empty()
            : Flux.defer(
                () -> {
                  long[] left = {rows};
                  return source
                      .map(batch -> cut(batch, left))
                      .takeUntil(batch -> left[0] == 0)
                      .doOnDiscard(RecordBatch.class, RecordBatch::close);
                });
  }

  private static RecordBatch cut(RecordBatch batch, long[] left) {
    int rows = batch.rowCount();
    if (rows <= left[0]) {
      left[0] -= rows;
      return batch;
    }
    try (batch) {
      RecordBatch first = batch.slice(0, (int) left[0]);
      left[0] = 0;
      return first;
    }
  }

  private static void checkRows(long rows, int least) {
    if (rows < least) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected at least " + least + " rows, got " + rows);
    }
  }

  /**
   * Brings batches to a schema, as {@link RecordBatch#withSchema} does: columns are found by their
   * names, those that are missing are null, and those that the schema has not got are left out.
   */
  public static Function<Flux<RecordBatch>, Flux<RecordBatch>> withSchema(
      Schema schema, BufferAllocator allocator) {
    Objects.requireNonNull(schema, "schema");
    Objects.requireNonNull(allocator, "allocator");
    return source ->
        source
            .map(
                batch -> {
                  try (batch) {
                    return batch.withSchema(schema, allocator);
                  }
                })
            .doOnDiscard(RecordBatch.class, RecordBatch::close);
  }

  /**
   * Concatenates sources whose schemas differ, one after the other, as batches of one schema.
   *
   * @see #withSchema
   */
  public static Flux<RecordBatch> concat(
      Schema schema, BufferAllocator allocator, List<? extends Publisher<RecordBatch>> sources) {
    return Flux.concat(sources).transform(withSchema(schema, allocator));
  }

  /**
   * Makes records of rows; the columns are those of the names of the record's components, and
   * others are left out.
   *
   * <p>A batch is read as a whole, and closed before its first record is emitted. Components may be
   * of the types {@code boolean}, {@code byte}, {@code short}, {@code int}, {@code long}, {@code
   * float}, {@code double} and their boxes, {@link String}, enums, {@code byte[]}, {@link
   * java.math.BigDecimal}, and {@link java.time.LocalDate}, {@link java.time.LocalTime}, {@link
   * java.time.LocalDateTime}, {@link java.time.Instant}, {@link java.time.Duration}. Fails with
   * {@link ErrorCode#KEY_ERROR} if there is no such column, and with {@link ErrorCode#TYPE_ERROR}
   * if a value does not fit the component, or is null where that can't be.
   *
   * @throws VineyardException with {@link ErrorCode#UNSUPPORTED} if a component has another type
   */
  public static <R extends Record> Function<Flux<RecordBatch>, Flux<R>> toRows(Class<R> type) {
    RowMapping<R> mapping = RowMapping.of(type);
    return source -> Flattening.of(source, () -> new Rows<>(mapping));
  }

  /**
   * Makes batches of records: a column of the name and type of each component. Primitive components
   * are columns without nulls. Times of day have nanoseconds, points in time and durations
   * microseconds; instants are in UTC.
   *
   * @param rows how many make a batch; the last one has what is left
   * @throws VineyardException with {@link ErrorCode#INVALID} for less than 1 row, or with {@link
   *     ErrorCode#UNSUPPORTED} if a component has a type that {@link #toRows} doesn't know, or is a
   *     {@link java.math.BigDecimal}, whose scale nobody knows
   */
  public static <R extends Record> Function<Flux<R>, Flux<RecordBatch>> fromRows(
      Class<R> type, int rows, BufferAllocator allocator) {
    checkRows(rows, 1);
    Objects.requireNonNull(allocator, "allocator");
    RowMapping<R> mapping = RowMapping.of(type);
    mapping.schema();
    return source ->
        source
            .buffer(rows)
            .map(records -> mapping.write(records, allocator))
            .doOnDiscard(RecordBatch.class, RecordBatch::close);
  }

  /** Returns the schema of the batches that {@link #fromRows} makes. */
  public static <R extends Record> Schema schemaOf(Class<R> type) {
    return RowMapping.of(type).schema();
  }

  /**
   * Collects all rows in one batch, copying each batch as it arrives; empty if there was no batch.
   *
   * <p>Fails as {@link BatchAppender#append} does. For {@link Flux#as}.
   */
  public static Function<Flux<RecordBatch>, Mono<RecordBatch>> collectTable(
      BufferAllocator allocator) {
    Objects.requireNonNull(allocator, "allocator");
    return source -> Flattening.of(source, () -> new Table(allocator)).next();
  }

  /** Makes records of the rows of one batch after the other. */
  private static final class Rows<R extends Record> implements Flattening.Maker<R> {
    private final RowMapping<R> mapping;
    private List<R> rows = List.of();
    private int next;

    Rows(RowMapping<R> mapping) {
      this.mapping = mapping;
    }

    @Override
    public void take(RecordBatch batch) {
      try (batch) {
        rows = mapping.read(batch);
        next = 0;
      }
    }

    @Override
    public @Nullable R next() {
      return next < rows.size() ? rows.get(next++) : null;
    }

    @Override
    public @Nullable R rest(boolean failed) {
      return null;
    }

    @Override
    public void close() {
      rows = List.of();
    }
  }

  /** Makes one batch of all. */
  private static final class Table implements Flattening.Maker<RecordBatch> {
    private final BatchAppender joined;

    Table(BufferAllocator allocator) {
      this.joined = BatchAppender.over(allocator);
    }

    @Override
    public void take(RecordBatch batch) {
      try (batch) {
        joined.append(batch);
      }
    }

    @Override
    public @Nullable RecordBatch next() {
      return null;
    }

    @Override
    public @Nullable RecordBatch rest(boolean failed) {
      return failed ? null : joined.take();
    }

    @Override
    public void close() {
      joined.close();
    }
  }
}
