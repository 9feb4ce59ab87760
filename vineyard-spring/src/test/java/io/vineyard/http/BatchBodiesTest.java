package io.vineyard.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RandomBatches;
import io.vineyard.store.arrow.RandomTypes;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.memory.Mapping;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.DenseUnionVector;
import org.apache.arrow.vector.complex.RunEndEncodedVector;
import org.apache.arrow.vector.complex.UnionVector;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

/** Bodies of all forms, and what happens to batches and buffers on the way. */
class BatchBodiesTest {
  private static final long SEED = 4711;
  private static final int ROWS = 13;

  private final BufferAllocator memory = new RootAllocator();
  private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);

  @AfterEach
  void nothingIsLeft() {
    assertThat(memory.getAllocatedMemory()).isZero();
    memory.close();
    assertThat(buffers.metric().usedDirectMemory()).isZero();
  }

  private String text(BodyFormat format, RecordBatch... batches) {
    return text(BatchBodyEncoder.create().format(format), Flux.fromArray(batches));
  }

  private String text(BatchBodyEncoder encoder, Flux<RecordBatch> batches) {
    return new String(bytes(encoder, batches), StandardCharsets.UTF_8);
  }

  private byte[] bytes(BatchBodyEncoder encoder, Flux<RecordBatch> batches) {
    ByteBuf all = Unpooled.buffer();
    encoder
        .encode(batches, buffers)
        .doOnNext(
            part -> {
              all.writeBytes(part);
              part.release();
            })
        .blockLast();
    return Arrays.copyOf(all.array(), all.readableBytes());
  }

  @Test
  void rowsAreLinesOfJson() {
    assertThat(text(BodyFormat.NDJSON, Flights.batch(memory, 3, 2), Flights.batch(memory, 7, 1)))
        .isEqualTo(
            """
            {"n":3,"name":"no 3"}
            {"n":4,"name":"no 4"}
            {"n":7,"name":"no 7"}
            """);
  }

  @Test
  void rowsAreOneJsonArray() throws Exception {
    String json = text(BodyFormat.JSON, Flights.batch(memory, 0, 5), Flights.batch(memory, 5, 1));
    JsonNode rows = new ObjectMapper().readTree(json);
    assertThat(rows).hasSize(6);
    assertThat(rows.get(3).get("name").isNull()).isTrue();
    assertThat(rows.get(5).get("n").asLong()).isEqualTo(5);
    assertThat(text(BodyFormat.JSON)).isEqualTo("[]\n");
  }

  @Test
  void rowsAreLinesOfCsvWithNamesAbove() {
    RecordBatch batch = Flights.batch(memory, 0, 4);
    assertThat(text(BodyFormat.CSV, batch, Flights.batch(memory, 9, 1)))
        .isEqualTo("n,name\n0,no 0\n1,no 1\n2,no 2\n3,\n9,no 9\n");
    assertThat(text(BodyFormat.CSV)).isEmpty();
  }

  @Test
  void whatIsSpecialInCsvIsQuoted() {
    VarCharVector texts = new VarCharVector("a,b", memory);
    String[] values = {"plain", "with, comma", "with \"quotes\"", "two\nlines", "", "größer"};
    for (int row = 0; row < values.length; row++) {
      texts.setSafe(row, values[row].getBytes(StandardCharsets.UTF_8));
    }
    texts.setValueCount(values.length + 1);
    assertThat(text(BodyFormat.CSV, RecordBatch.of(VectorSchemaRoot.of(texts))))
        .isEqualTo(
            "\"a,b\"\nplain\n\"with, comma\"\n\"with \"\"quotes\"\"\"\n\"two\nlines\"\n\"\"\n"
                + "größer\n\"\"\n");
  }

  @Test
  void batchesAreServerSentEvents() {
    RecordBatch first = Flights.batch(memory, 0, 2);
    assertThat(text(BodyFormat.EVENT_STREAM, first, Flights.batch(memory, 2, 1)))
        .isEqualTo(
            """
            data:[{"n":0,"name":"no 0"},{"n":1,"name":"no 1"}]

            data:[{"n":2,"name":"no 2"}]

            """);
  }

  @Test
  void numbersAndTimesHaveTheirForms() {
    Float8Vector floats = new Float8Vector("f", memory);
    UInt8Vector unsigned = new UInt8Vector("u", memory);
    TimeStampMicroTZVector times =
        new TimeStampMicroTZVector(
            "t",
            FieldType.nullable(new ArrowType.Timestamp(TimeUnit.MICROSECOND, "Europe/Berlin")),
            memory);
    double[] values = {1.5, Double.NaN, Double.NEGATIVE_INFINITY};
    long[] micros = {0, 1_000_001, Long.MAX_VALUE};
    for (int row = 0; row < values.length; row++) {
      floats.setSafe(row, values[row]);
      unsigned.setSafe(row, -1 - row);
      times.setSafe(row, micros[row]);
    }
    VectorSchemaRoot root = VectorSchemaRoot.of(floats, unsigned, times);
    root.setRowCount(values.length);
    assertThat(text(BodyFormat.NDJSON, RecordBatch.of(root)))
        .isEqualTo(
            """
            {"f":1.5,"u":18446744073709551615,"t":"1970-01-01T01:00:00+01:00"}
            {"f":"NaN","u":18446744073709551614,"t":"1970-01-01T01:00:01.000001+01:00"}
            {"f":"-Infinity","u":18446744073709551613,"t":"+294247-01-10T05:00:54.775807+01:00"}
            """);
  }

  /** One column of each type, plain and encoded by a dictionary. */
  private List<RecordBatch> allTypes() {
    RandomBatches random = new RandomBatches(SEED, memory);
    List<Field> fields = new ArrayList<>();
    RandomTypes.all().forEach(type -> fields.add(RandomBatches.field("f" + fields.size(), type)));
    return List.of(random.batch(fields, ROWS));
  }

  @Test
  void everyTypeIsLegalJson() throws Exception {
    RecordBatch batch = allTypes().get(0);
    List<String> names = batch.schema().getFields().stream().map(Field::getName).toList();
    long nulls =
        batch.vectors().stream()
            .filter(vector -> vector.getField().getDictionary() == null)
            .filter(vector -> !(vector instanceof UnionVector))
            .filter(vector -> !(vector instanceof DenseUnionVector))
            .filter(vector -> !(vector instanceof RunEndEncodedVector))
            .mapToLong(FieldVector::getNullCount)
            .sum();
    String[] lines = text(BodyFormat.NDJSON, batch).split("\n");
    assertThat(lines).hasSize(ROWS);
    long missing = 0;
    for (String line : lines) {
      JsonNode row = new ObjectMapper().readTree(line);
      missing += row.valueStream().filter(JsonNode::isNull).count();
      assertThat(row.fieldNames()).toIterable().containsExactlyElementsOf(names);
    }
    // those that unions and runs have come to them
    assertThat(missing).isGreaterThanOrEqualTo(nulls).isPositive();
  }

  @Test
  void everyTypeIsLegalCsv() {
    RecordBatch batch = allTypes().get(0);
    int columns = batch.columnCount();
    String csv = text(BodyFormat.CSV, batch);
    // what is quoted may have commas and line ends itself
    String bare = csv.replaceAll("\"([^\"]|\"\")*\"", "q");
    assertThat(bare.split("\n")).hasSize(ROWS + 1);
    assertThat(bare.split("\n"))
        .allSatisfy(line -> assertThat(line.split(",", -1)).hasSize(columns));
  }

  @ParameterizedTest
  @EnumSource(CodecType.class)
  void everyTypeComesBackFromArrow(CodecType compression) {
    RecordBatch batch = allTypes().get(0);
    RecordBatch expected = batch.share();
    byte[] bytes =
        bytes(BatchBodyEncoder.create().compression(compression), Flux.just(batch, batch.share()));
    List<RecordBatch> received =
        BatchBodyDecoder.create().decode(pieces(bytes, 1000)).collectList().block();
    assertThat(received).hasSize(2).allMatch(each -> each.hasSameContent(expected));
    received.forEach(RecordBatch::close);
    expected.close();
  }

  private static Flux<ByteBuf> pieces(byte[] bytes, int size) {
    return Flux.range(0, (bytes.length + size - 1) / size)
        .map(i -> Unpooled.wrappedBuffer(bytes, i * size, Math.min(size, bytes.length - i * size)));
  }

  @Test
  void arrowBodiesAreTheMemoryOfTheBatches() {
    RecordBatch batch = Flights.batch(memory, 0, 2_000);
    long address = batch.vector(0).getDataBufferAddress();
    StepVerifier.create(BatchBodyEncoder.create().encode(Flux.just(batch), buffers), 1)
        .assertNext(
            body -> {
              assertThat(
                      Arrays.stream(body.nioBuffers())
                          .mapToLong(part -> Mapping.addressOf(part.slice())))
                  .contains(address);
              assertThat(batch.isClosed()).isFalse();
              body.release();
              assertThat(batch.isClosed()).isTrue();
            })
        .thenCancel()
        .verify();
  }

  @Test
  void wideBatchesAreTheMemoryOfTheBatchesToo() {
    List<FieldVector> columns = new ArrayList<>();
    for (int column = 0; column < 50; column++) {
      BigIntVector values = new BigIntVector("a name that takes its bytes " + column, memory);
      values.allocateNew(1000);
      values.setValueCount(1000);
      columns.add(values);
    }
    RecordBatch batch = RecordBatch.of(new VectorSchemaRoot(columns));
    StepVerifier.create(BatchBodyEncoder.create().encode(Flux.just(batch), buffers))
        .thenConsumeWhile(
            body -> {
              // else Netty copies it before it is sent, and releases it at once
              assertThat(body.isDirect()).isTrue();
              assertThat(body.readableBytes()).isLessThanOrEqualTo(128 << 10);
              body.release();
              return true;
            })
        .verifyComplete();
    assertThat(batch.isClosed()).isTrue();
  }

  @Test
  void cancelInTheMiddleOfABatchGivesItBack() {
    RecordBatch batch = Flights.batch(memory, 0, 100_000);
    StepVerifier.create(BatchBodyEncoder.create().encode(Flux.just(batch), buffers), 2)
        .consumeNextWith(ByteBuf::release)
        .consumeNextWith(ByteBuf::release)
        .thenCancel()
        .verify();
    assertThat(batch.isClosed()).isTrue();
  }

  @Test
  void errorOfTheMachineIsToldAndNothingIsKept() {
    ByteBufAllocator full =
        new AbstractByteBufAllocator(true) {
          @Override
          protected ByteBuf newHeapBuffer(int first, int most) {
            throw new OutOfMemoryError("none left");
          }

          @Override
          protected ByteBuf newDirectBuffer(int first, int most) {
            throw new OutOfMemoryError("none left");
          }

          @Override
          public boolean isDirectBufferPooled() {
            return false;
          }
        };
    RecordBatch batch = Flights.batch(memory, 0, 10);
    TestPublisher<RecordBatch> source = TestPublisher.create();
    StepVerifier.create(BatchBodyEncoder.create().encode(source, full))
        .then(() -> source.next(batch))
        .verifyError(OutOfMemoryError.class);
    assertThat(batch.isClosed()).isTrue();
    source.assertCancelled();
  }

  /** A source that emits what is requested when it is told to. */
  private final class Requested {
    final TestPublisher<RecordBatch> source = TestPublisher.create();
    final List<Long> requests = new ArrayList<>();
    final List<ByteBuf> held = new ArrayList<>();
    final Disposable subscription;
    int emitted;

    Requested(BatchBodyEncoder encoder) {
      subscription =
          encoder.encode(source.flux().doOnRequest(requests::add), buffers).subscribe(held::add);
    }

    void emit(int rows) {
      while (emitted < requests.stream().mapToLong(Long::longValue).sum()) {
        source.next(Flights.batch(memory, 0, rows));
        emitted++;
      }
    }

    void end() {
      subscription.dispose();
      source.assertCancelled();
      held.forEach(ByteBuf::release);
    }
  }

  @Test
  void batchesAreRequestedAsBuffersAreReleased() {
    Requested body = new Requested(BatchBodyEncoder.create().mostInFlight(100_000));
    body.emit(1_000);
    // each has about 20 kB, so that there is no room for one more
    assertThat(body.held).hasSizeBetween(4, 6);
    int before = body.emitted;
    for (int i = 0; i < 3; i++) {
      body.held.remove(0).release();
    }
    body.emit(1_000);
    assertThat(body.emitted - before).isBetween(2, 3);
    body.end();
  }

  @Test
  void batchesAreRequestedManyAtATimeWhenThereIsRoomForMany() {
    Requested body = new Requested(BatchBodyEncoder.create().mostInFlight(100_000));
    for (int i = 0; i < 200; i++) {
      body.emit(100); // about 2 kB
      body.held.remove(0).release();
    }
    assertThat(body.emitted).isGreaterThan(200);
    assertThat(body.requests).hasSizeLessThan(body.emitted / 5);
    body.end();
  }

  @Test
  void allThatMayBeInFlightComesThoughNothingIsReleased() {
    Requested body = new Requested(BatchBodyEncoder.create().mostInFlight(100_000));
    for (int rows = 3_000; body.held.stream().mapToInt(ByteBuf::readableBytes).sum() < 100_000; ) {
      int before = body.emitted;
      body.emit(rows);
      assertThat(body.emitted).isGreaterThan(before);
      rows = Math.max(1, rows / 2); // so that those before say little of those to come
    }
    body.end();
  }

  @Test
  void nothingIsRequestedBeforeItIsAskedFor() {
    TestPublisher<RecordBatch> source = TestPublisher.create();
    StepVerifier.create(BatchBodyEncoder.create().encode(source, buffers), 0)
        .then(source::assertWasNotRequested)
        .thenRequest(1)
        .then(source::assertWasRequested)
        .thenCancel()
        .verify();
  }

  @Test
  void batchThatDiffersFailsTheBodyAndIsClosed() {
    VarCharVector other = new VarCharVector("other", memory);
    other.allocateNew();
    other.setValueCount(1);
    for (BodyFormat format : BodyFormat.values()) {
      RecordBatch first = Flights.batch(memory, 0, 1);
      RecordBatch second = RecordBatch.of(VectorSchemaRoot.of(other)).share();
      StepVerifier.create(
              BatchBodyEncoder.create()
                  .format(format)
                  .encode(Flux.just(first, second), buffers)
                  .doOnNext(ByteBuf::release))
          .expectNextCount(1)
          .verifyErrorSatisfies(
              error ->
                  assertThat(((VineyardException) error).code())
                      .isEqualTo(ErrorCode.SCHEMA_MISMATCH));
      assertThat(first.isClosed()).isTrue();
      assertThat(second.isClosed()).isTrue();
    }
    other.close();
  }

  @Test
  void errorOfTheSourceCutsTheBodyOff() {
    Flux<RecordBatch> source =
        Flux.concat(
            Flux.just(Flights.batch(memory, 0, 1)), Flux.error(new IllegalStateException("lost")));
    StepVerifier.create(
            BatchBodyEncoder.create().encode(source, buffers).doOnNext(ByteBuf::release))
        .expectNextCount(1)
        .verifyErrorMessage("lost");
  }

  @Test
  void largeBatchIsTextInModeratePieces() {
    List<Integer> sizes = new ArrayList<>();
    BatchBodyEncoder.create()
        .format(BodyFormat.NDJSON)
        .encode(Flux.just(Flights.batch(memory, 0, 50_000)), buffers)
        .doOnNext(
            part -> {
              sizes.add(part.readableBytes());
              part.release();
            })
        .blockLast();
    assertThat(sizes).hasSizeGreaterThan(30).allMatch(size -> size < 48 << 10);
  }

  @Test
  void bodyThatIsCutOffIsAnError() {
    byte[] bytes = bytes(BatchBodyEncoder.create(), Flux.just(Flights.batch(memory, 0, 100)));
    byte[] cut = Arrays.copyOf(bytes, bytes.length / 2);
    StepVerifier.create(BatchBodyDecoder.create().allocator(memory).decode(pieces(cut, 64)))
        .verifyErrorSatisfies(
            error ->
                assertThat(((VineyardException) error).code()).isEqualTo(ErrorCode.END_OF_FILE));
  }

  @Test
  void decodingHonoursDemandAndReleasesWhatIsLeft() {
    byte[] bytes =
        bytes(BatchBodyEncoder.create(), Flux.range(0, 5).map(n -> Flights.batch(memory, n, 10)));
    List<ByteBuf> parts = pieces(bytes, 100_000).collectList().block();
    StepVerifier.create(
            BatchBodyDecoder.create().allocator(memory).decode(Flux.fromIterable(parts)), 0)
        .thenRequest(2)
        .consumeNextWith(RecordBatch::close)
        .consumeNextWith(RecordBatch::close)
        .thenCancel()
        .verify();
    assertThat(parts).allMatch(part -> part.refCnt() == 0);
  }
}
