package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams that are sent and received in pieces are those of channels. */
class ArrowStreamPartsTest {
  private static final long MOST_BYTES = 1 << 20;
  private static final long SEED = 4711;

  private BufferAllocator allocator;
  private long before;

  static List<IpcSample> samples() {
    return IpcSample.all();
  }

  @BeforeEach
  void begin() {
    allocator = new RootAllocator();
    before = Allocators.VIEWS.getAllocatedMemory();
  }

  @AfterEach
  void nothingIsLeft() {
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void encoderMakesTheBytesOfTheWriter(IpcSample sample) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ArrowStreamEncoder encoder = ArrowStreamEncoder.create(sample.codec())) {
      for (RecordBatch batch : sample.batches(allocator)) {
        send(encoder.encode(batch), bytes);
        assertThat(batch.isClosed()).isTrue();
      }
      send(encoder.end(), bytes);
    }
    assertThat(bytes.toByteArray()).isEqualTo(sample.stream());
  }

  private static void send(ArrowStreamEncoder.Part part, ByteArrayOutputStream target)
      throws Exception {
    int before = target.size();
    try (part) {
      WritableByteChannel channel = Channels.newChannel(target);
      for (ByteBuffer piece : part.pieces()) {
        channel.write(piece);
      }
      assertThat(target.size() - before).isEqualTo((int) part.sizeBytes());
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void decoderMakesTheBatchesOfTheEncoderFromPiecesOfAnySize(IpcSample sample) {
    byte[] bytes = sample.stream();
    Random random = new Random(SEED);
    for (int mostBytes : new int[] {1, 7, 100, bytes.length}) {
      try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, MOST_BYTES)) {
        List<RecordBatch> received = receive(decoder, bytes, 1 + random.nextInt(mostBytes));
        decoder.end();
        List<RecordBatch> expected = sample.batches(allocator);
        assertThat(received).hasSameSizeAs(expected);
        for (int i = 0; i < received.size(); i++) {
          assertThat(received.get(i).hasSameContent(expected.get(i))).isTrue();
        }
        received.forEach(RecordBatch::close);
        expected.forEach(RecordBatch::close);
      }
    }
  }

  private static List<RecordBatch> receive(ArrowStreamDecoder decoder, byte[] bytes, int piece) {
    List<RecordBatch> received = new ArrayList<>();
    try {
      for (int at = 0; at < bytes.length; at += piece) {
        ByteBuffer input = ByteBuffer.wrap(bytes, at, Math.min(piece, bytes.length - at));
        RecordBatch batch = decoder.next(input);
        while (batch != null) {
          received.add(batch);
          batch = decoder.next(input);
        }
        assertThat(input.hasRemaining()).isFalse();
      }
      return received;
    } catch (RuntimeException refused) {
      received.forEach(RecordBatch::close);
      throw refused;
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void streamIsRefusedOrEndsWhereverItIsCutOff(IpcSample sample) {
    byte[] bytes = sample.stream();
    for (int size = 0; size < bytes.length; size++) {
      byte[] cut = Arrays.copyOf(bytes, size);
      int read = IpcReading.harmless(sample + " of " + size, () -> countBatches(cut));
      assertThat(read).isLessThanOrEqualTo(2);
    }
    assertThat(countBatches(bytes)).isEqualTo(2);
    byte[] inTheMiddle = Arrays.copyOf(bytes, bytes.length / 2 | 1);
    assertThatThrownBy(() -> countBatches(inTheMiddle))
        .isInstanceOfSatisfying(
            VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.END_OF_FILE))
        .hasMessageContaining("it ends after");
  }

  @ParameterizedTest
  @MethodSource("samples")
  void streamIsHarmlessWhateverByteIsChanged(IpcSample sample) {
    byte[] bytes = sample.stream();
    Random random = new Random(SEED);
    int refused = 0;
    for (int at = 0; at < bytes.length; at++) {
      byte original = bytes[at];
      bytes[at] = (byte) (original + 1 + random.nextInt(0xFF));
      String what = sample + " with " + bytes[at] + " at " + at;
      refused += IpcReading.harmless(what, () -> countBatches(bytes)) < 0 ? 1 : 0;
      bytes[at] = original;
    }
    assertThat(refused).isPositive();
  }

  private int countBatches(byte[] bytes) {
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, MOST_BYTES)) {
      List<RecordBatch> received = receive(decoder, bytes, 64);
      received.forEach(
          batch -> {
            try (batch) {
              EveryValue.read(batch);
            }
          });
      decoder.end();
      return received.size();
    }
  }

  @ParameterizedTest
  @EnumSource(CodecType.class)
  void batchLargerThanTheLimitIsRefused(CodecType compression) {
    byte[] bytes = numbers(10_000, compression);
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, 79_999)) {
      assertThatThrownBy(() -> receive(decoder, bytes, bytes.length))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LIMIT_REACHED))
          .hasMessageContaining("expected at most 79999");
    }
  }

  @Test
  void lz4ThatHoldsMoreThanItSaysIsRefused() {
    byte[] bytes = numbers(100_000, CodecType.LZ4_FRAME);
    // the length of the only buffer, which comes first in the body
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(bodyOf(bytes), 1_000);
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, MOST_BYTES)) {
      assertThatThrownBy(() -> receive(decoder, bytes, bytes.length))
          .isInstanceOfSatisfying(
              VineyardException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ARROW_ERROR))
          .hasMessageContaining("more than 1000 bytes");
    }
  }

  /** Returns where the length 800,000 stands. */
  private static int bodyOf(byte[] bytes) {
    ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = bytes.length - Long.BYTES; at > 0; at--) {
      if (all.getLong(at) == 800_000) {
        return at;
      }
    }
    throw new AssertionError("expected a buffer of 800000 bytes");
  }

  @Test
  void bodyLargerThanTheFirstPartArrivesWhole() {
    int rows = 1_000_000;
    byte[] bytes = numbers(rows, CodecType.NO_COMPRESSION);
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, 16L << 20)) {
      List<RecordBatch> received = receive(decoder, bytes, 65_536);
      try (RecordBatch batch = received.get(0)) {
        assertThat(received).hasSize(1);
        for (int row = 0; row < rows; row += 4_999) {
          assertThat(((BigIntVector) batch.vector(0)).get(row)).isEqualTo(row / 8);
        }
      }
    }
  }

  private byte[] numbers(int rows, CodecType compression) {
    BigIntVector numbers = new BigIntVector("n", allocator);
    numbers.allocateNew(rows);
    for (int row = 0; row < rows; row++) {
      numbers.set(row, row / 8);
    }
    numbers.setValueCount(rows);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (RecordBatch batch = RecordBatch.of(VectorSchemaRoot.of(numbers));
        ArrowStreamWriter writer =
            ArrowStreamWriter.over(Channels.newChannel(bytes), compression)) {
      writer.write(batch);
    }
    return bytes.toByteArray();
  }

  @Test
  void whatFollowsTheEndIsRefused() {
    byte[] bytes = IpcSample.all().get(0).stream();
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, MOST_BYTES)) {
      receive(decoder, bytes, bytes.length).forEach(RecordBatch::close);
      assertThatThrownBy(() -> decoder.next(ByteBuffer.allocate(1)))
          .isInstanceOf(VineyardException.class)
          .hasMessageContaining("nothing after the end");
    }
  }

  @Test
  void streamWithoutBatchesHasASchemaOfNoColumns() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ArrowStreamEncoder encoder = ArrowStreamEncoder.create()) {
      send(encoder.end(), bytes);
    }
    try (ArrowStreamDecoder decoder = ArrowStreamDecoder.create(allocator, MOST_BYTES)) {
      assertThat(receive(decoder, bytes.toByteArray(), bytes.size())).isEmpty();
      decoder.end();
      assertThat(decoder.schema().getFields()).isEmpty();
    }
  }

  @Test
  void encoderRefusesAnotherSchemaAndClosesTheBatch() {
    try (ArrowStreamEncoder encoder = ArrowStreamEncoder.create()) {
      encoder.encode(one(new BigIntVector("n", allocator))).close();
      RecordBatch other = one(new IntVector("m", allocator));
      assertThatThrownBy(() -> encoder.encode(other))
          .isInstanceOfSatisfying(
              VineyardException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.SCHEMA_MISMATCH));
      assertThat(other.isClosed()).isTrue();
    }
  }

  private static RecordBatch one(FieldVector column) {
    column.allocateNew();
    column.setValueCount(1);
    return RecordBatch.of(VectorSchemaRoot.of(column));
  }
}
