package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.embedded.EmbeddedStore;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a writer publishes as a chunk's header, its reader gets a typed error or a batch. */
class MutatedChunksTest {
  private static final long SEED = 815;
  private static final Set<ErrorCode> CODES =
      EnumSet.of(ErrorCode.ARROW_ERROR, ErrorCode.UNSUPPORTED, ErrorCode.INVALID);

  private final BufferAllocator ordinary = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();
  private ObjectStore store;

  static List<IpcSample> samples() {
    return IpcSample.all();
  }

  @BeforeEach
  void open() {
    store = EmbeddedStore.create().segmentBytes(1 << 20).open();
  }

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(store);
    store.close();
    assertThat(ordinary.getAllocatedMemory()).isZero();
    ordinary.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void headerIsHarmlessWhateverByteIsChanged(IpcSample sample) {
    Random random = new Random(SEED);
    try (Published chunk = new Published(sample)) {
      byte[] header = chunk.header();
      assertThat(chunk.isReadable(header)).isTrue();
      int refused = 0;
      for (int at = 0; at < header.length; at++) {
        byte original = header[at];
        for (byte changed :
            new byte[] {(byte) ~original, (byte) (original + 1 + random.nextInt(0xFF))}) {
          header[at] = changed;
          refused += chunk.isReadable(header) ? 0 : 1;
        }
        header[at] = original;
      }
      assertThat(refused).isPositive();
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void headerIsRefusedWhereverItIsCutOff(IpcSample sample) {
    try (Published chunk = new Published(sample)) {
      byte[] header = chunk.header();
      // what comes after the last message are up to 7 bytes of padding
      for (int size = header.length - Long.BYTES; size >= 0; size--) {
        assertThat(chunk.isReadable(Arrays.copyOf(header, size))).as("%s bytes", size).isFalse();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void carrierIsReadOrRefusedWhateverByteIsChanged(IpcSample sample) {
    Random random = new Random(SEED);
    byte[] carried = new byte[] {1, 2, 3, 4, 5};
    try (Published chunk = new Published(sample, carried)) {
      byte[] header = chunk.header();
      assertThat(chunk.isReadable(header)).isTrue();
      assertThat(chunk.carrier(header)).isEqualTo(ByteBuffer.wrap(carried));
      for (int at = 0; at < header.length; at++) {
        byte original = header[at];
        header[at] = (byte) (original + 1 + random.nextInt(0xFF));
        chunk.carrier(header);
        header[at] = original;
      }
      for (int size = header.length - Long.BYTES; size >= 0; size--) {
        assertThat(chunk.carrier(Arrays.copyOf(header, size))).as("%s bytes", size).isNull();
      }
    }
  }

  @Test
  void largeCarriersAreRefusedAndChunksWithoutOneHaveNone() {
    IpcSample sample = IpcSample.all().get(0);
    try (Published chunk = new Published(sample, new byte[ChunkCodec.MOST_CARRIER_BYTES + 1])) {
      assertThat(chunk.isReadable(chunk.header())).isTrue();
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> ChunkCodec.dataframes().carrier(chunk.chunk))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.ARROW_ERROR));
    }
    try (Published chunk = new Published(sample)) {
      assertThat(ChunkCodec.dataframes().carrier(chunk.chunk)).isNull();
    }
  }

  @Test
  void bytesOutsideOfTheChunkAreRefused() {
    ObjectId stream = Waits.value(store.createStream(StreamSpec.create())).id();
    try (ChunkWriter writer = Waits.value(store.openWriter(stream));
        ReaderDriver reader = ReaderDriver.open(store, stream, 1)) {
      ChunkDraft draft = writer.draft();
      ByteBuffer header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(0, 1L << 40).putLong(8, 64);
      draft.complete(header, 0, () -> {});
      assertThat(writer.tryPublish(draft)).isEqualTo(ChunkWriter.Result.OK);
      Chunk chunk = reader.next();
      assertThatExceptionOfType(VineyardException.class)
          .isThrownBy(() -> ChunkCodec.bytes().decoder().decode(chunk, null))
          .satisfies(refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID));
      writer.finish();
      assertThat(reader.end()).isNull();
    }
  }

  /** The header of a chunk with its schema, and the memory that it points at. */
  private final class Published implements AutoCloseable {
    private final ObjectId stream = Waits.value(store.createStream(StreamSpec.create())).id();
    private final ChunkWriter writer = Waits.value(store.openWriter(stream));
    private final ReaderDriver reader = ReaderDriver.open(store, stream, 1);
    private final Chunk chunk;

    Published(IpcSample sample) {
      this(sample, null);
    }

    Published(IpcSample sample, byte[] carrier) {
      List<RecordBatch> batches = sample.batches(ordinary);
      try (ChunkCodec.Encoder<RecordBatch> encoder = ChunkCodec.dataframes().encoder(writer)) {
        encoder.carry(() -> carrier);
        ChunkCodec.Encoded encoded = encoder.tryEncode(batches.get(0));
        assertThat(writer.tryPublish(encoded.draft())).isEqualTo(ChunkWriter.Result.OK);
      }
      batches.forEach(RecordBatch::close);
      chunk = reader.next();
    }

    byte[] header() {
      byte[] bytes = new byte[chunk.header().remaining()];
      chunk.header().get(bytes);
      return bytes;
    }

    /** Returns what a chunk with this header carries; null if nothing, or nothing legal. */
    ByteBuffer carrier(byte[] header) {
      try {
        return ChunkCodec.dataframes().carrier(new Forged(chunk, header));
      } catch (VineyardException refused) {
        assertThat(refused.code()).isIn(CODES);
        return null;
      }
    }

    /** Has a decoder read this header; what it points at is this chunk's. */
    boolean isReadable(byte[] header) {
      Forged forged = new Forged(chunk, header);
      try (RecordBatch batch = ChunkCodec.dataframes().decoder().decode(forged, null)) {
        readAsFarAsArrowLetsUs(batch);
        return true;
      } catch (VineyardException refused) {
        assertThat(refused.code()).isIn(CODES);
        return false;
      } finally {
        assertThat(forged.closes).isEqualTo(1);
        assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
      }
    }

    /**
     * What offsets and run ends say is up to the writer, and not checked in chunks. Arrow checks
     * the bounds of each access: any exception will do, the end of the JVM will not.
     */
    private static void readAsFarAsArrowLetsUs(RecordBatch batch) {
      try {
        EveryValue.read(batch);
      } catch (RuntimeException | OutOfMemoryError | AssertionError refusedByArrow) {
        assertThat(refusedByArrow).isNotNull();
      }
    }

    @Override
    public void close() {
      chunk.close();
      writer.finish();
      assertThat(reader.end()).isNull();
      reader.close();
      writer.close();
    }
  }

  /** A chunk with another header; counts how often it is closed. */
  private static final class Forged implements Chunk {
    private final Chunk chunk;
    private final byte[] header;
    private int closes;

    Forged(Chunk chunk, byte[] header) {
      this.chunk = chunk;
      this.header = header;
    }

    @Override
    public long position() {
      return chunk.position();
    }

    @Override
    public ByteBuffer header() {
      return ByteBuffer.wrap(header).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long dataBytes() {
      return chunk.dataBytes();
    }

    @Override
    public long address(long offset, long sizeBytes) {
      return chunk.address(offset, sizeBytes);
    }

    @Override
    public void close() {
      closes++;
    }
  }
}
