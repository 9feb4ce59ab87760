package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader.BlobPart;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is in a chunk that is an object, its reader gets a typed error or a batch. */
class MutatedObjectChunksTest {
  private static final long SEED = 1945;
  private static final Set<ErrorCode> CODES =
      EnumSet.of(
          ErrorCode.ARROW_ERROR,
          ErrorCode.OBJECT_TYPE_ERROR,
          ErrorCode.UNSUPPORTED,
          ErrorCode.INVALID,
          ErrorCode.META_TREE_INVALID,
          ErrorCode.LIMIT_REACHED);

  private final BufferAllocator allocator = new RootAllocator();
  private final long viewsBefore = Allocators.VIEWS.getAllocatedMemory();

  @AfterEach
  void nothingIsLeft() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    allocator.close();
    assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
  }

  @ParameterizedTest
  @ValueSource(strings = {"tensor_2d", "frame_of_index", "array", "tensor_texts"})
  void headerIsHarmlessWhateverByteIsChanged(String name) {
    Random random = new Random(SEED);
    Map<ObjectId, byte[]> blobs = RecordedTree.blobs(name);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    List<BlobPart> parts = new ArrayList<>();
    blobs.forEach(
        (id, bytes) -> {
          parts.add(new BlobPart(id, body.size(), bytes.length));
          body.writeBytes(bytes);
        });
    byte[] header = array(ObjectChunkHeader.encode(RecordedTree.meta(name), parts));
    assertThat(isReadable(header, body.toByteArray())).isTrue();
    int refused = 0;
    for (int at = 0; at < header.length; at++) {
      byte original = header[at];
      header[at] = (byte) (original + 1 + random.nextInt(0xFF));
      refused += isReadable(header, body.toByteArray()) ? 0 : 1;
      header[at] = original;
    }
    assertThat(refused).isPositive();
  }

  static List<IpcSample> samples() {
    return IpcSample.all();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void streamIsHarmlessWhateverByteIsChanged(IpcSample sample) {
    Random random = new Random(SEED);
    byte[] stream = sample.stream();
    ObjectId id = new ObjectId(-7);
    byte[] header =
        array(
            ObjectChunkHeader.encode(
                ObjectMeta.blob(id, stream.length), List.of(new BlobPart(id, 0, stream.length))));
    assertThat(isReadable(header, stream)).isTrue();
    int refused = 0;
    for (int at = 0; at < stream.length; at++) {
      byte original = stream[at];
      stream[at] = (byte) (original + 1 + random.nextInt(0xFF));
      refused += isReadable(header, stream) ? 0 : 1;
      stream[at] = original;
    }
    assertThat(refused).isPositive();
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private boolean isReadable(byte[] header, byte[] body) {
    InMemory chunk = new InMemory(header, body);
    try (RecordBatch batch = ChunkCodec.dataframes().decoder().decode(chunk, null)) {
      readAsFarAsArrowLetsUs(batch);
      return true;
    } catch (VineyardException refused) {
      assertThat(refused.code()).as(refused.getMessage()).isIn(CODES);
      return false;
    } finally {
      assertThat(chunk.closes).isEqualTo(1);
      assertThat(Allocators.VIEWS.getAllocatedMemory()).isEqualTo(viewsBefore);
    }
  }

  /** Values that are no text or no date, for example, are up to whoever reads them. */
  private static void readAsFarAsArrowLetsUs(RecordBatch batch) {
    try {
      EveryValue.read(batch);
    } catch (RuntimeException | OutOfMemoryError | AssertionError refusedByArrow) {
      assertThat(refusedByArrow).isNotNull();
    }
  }

  private final class InMemory implements Chunk {
    private final byte[] header;
    private final ArrowBuf body;
    private int closes;

    InMemory(byte[] header, byte[] body) {
      this.header = header;
      this.body = allocator.buffer(Math.max(1, body.length));
      this.body.writeBytes(body);
    }

    @Override
    public long position() {
      return 0;
    }

    @Override
    public ByteBuffer header() {
      return ByteBuffer.wrap(header).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long dataBytes() {
      return body.writerIndex();
    }

    @Override
    public long address(long offset, long sizeBytes) {
      if (offset < 0 || sizeBytes < 0 || offset > body.writerIndex() - sizeBytes) {
        throw VineyardException.of(ErrorCode.INVALID, "expected bytes of the chunk");
      }
      return body.memoryAddress() + offset;
    }

    @Override
    public void close() {
      closes++;
      body.close();
    }
  }
}
