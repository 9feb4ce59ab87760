package io.vineyard.store.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.ReaderDriver;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Memory under vectors is taken once, given back once, and copied only if it is someone else's. */
class SharedAllocatorTest {
  private static final int ROWS = 100;
  private static final long COLUMN_BYTES = 832 + 64;

  /** Counts what is taken and given back. */
  private static final class Counted implements SharedMemory {
    private final AtomicInteger taken = new AtomicInteger();
    private final AtomicInteger freed = new AtomicInteger();
    private final SharedMemory memory;
    private Runnable onTaken = () -> {};

    Counted(SharedMemory memory) {
      this.memory = memory;
    }

    private @Nullable Allocation count(@Nullable Allocation allocation) {
      if (allocation == null) {
        return null;
      }
      taken.incrementAndGet();
      onTaken.run();
      return new Allocation() {
        @Override
        public long address() {
          return allocation.address();
        }

        @Override
        public long sizeBytes() {
          return allocation.sizeBytes();
        }

        @Override
        public void free() {
          freed.incrementAndGet();
          allocation.free();
        }
      };
    }

    @Override
    public Allocation allocate(long sizeBytes) {
      return count(memory.allocate(sizeBytes));
    }

    @Override
    public @Nullable Allocation tryAllocate(long sizeBytes) {
      return count(memory.tryAllocate(sizeBytes));
    }

    @Override
    public @Nullable VineyardException refusal() {
      return memory.refusal();
    }

    @Override
    public void askAgain() {
      memory.askAgain();
    }

    @Override
    public boolean contains(long address, long sizeBytes) {
      return memory.contains(address, sizeBytes);
    }

    void assertBalanced(int expected) {
      assertThat(taken).hasValue(expected);
      assertThat(freed).hasValue(expected);
    }
  }

  private static ObjectStore store(long capacityBytes) {
    return EmbeddedStore.create().capacity(capacityBytes).segmentBytes(1 << 20).open();
  }

  private static ChunkWriter writer(ObjectStore store) {
    return Waits.value(
        store.createStream(StreamSpec.create()).flatMap(stream -> store.openWriter(stream.id())));
  }

  @Test
  void bufferIsGivenBackOnceWithItsLastReference() {
    try (ObjectStore store = store(4 << 20);
        ChunkWriter writer = writer(store)) {
      Counted memory = new Counted(writer.memory());
      try (BufferAllocator allocator = ChunkCodec.allocator(memory)) {
        ArrowBuf buffer = allocator.buffer(1000);
        assertThat(writer.memory().contains(buffer.memoryAddress(), 1000)).isTrue();
        assertThat(buffer.memoryAddress() % 64).isZero();
        buffer.getReferenceManager().retain();
        buffer.getReferenceManager().release();
        assertThat(memory.freed).hasValue(0);
        buffer.close();
      }
      memory.assertBalanced(1);
    }
  }

  @Test
  void nothingIsTakenAboveTheLimitOfAnAllocator() {
    try (ObjectStore store = store(4 << 20);
        ChunkWriter writer = writer(store)) {
      Counted memory = new Counted(writer.memory());
      try (BufferAllocator allocator = ChunkCodec.allocator(memory);
          BufferAllocator child = allocator.newChildAllocator("child", 0, 100)) {
        assertThatExceptionOfType(OutOfMemoryException.class).isThrownBy(() -> child.buffer(1000));
        assertThat(child.getAllocatedMemory()).isZero();
        child.buffer(64).close();
      }
      memory.assertBalanced(1);
    }
  }

  @Test
  void whatTheStoreRefusesIsATypedErrorAndNotAccounted() {
    try (ObjectStore store = store(2 << 20);
        ChunkWriter writer = writer(store)) {
      Counted memory = new Counted(writer.memory());
      try (BufferAllocator allocator = ChunkCodec.allocator(memory)) {
        assertThatExceptionOfType(VineyardException.class)
            .isThrownBy(() -> allocator.buffer(16 << 20))
            .satisfies(full -> assertThat(full.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY));
        assertThat(allocator.getAllocatedMemory()).isZero();
      }
      memory.assertBalanced(0);
    }
  }

  @Test
  void whatCannotBeAccountedAfterItWasTakenIsGivenBackOnce() {
    try (ObjectStore store = store(4 << 20);
        ChunkWriter writer = writer(store)) {
      Counted memory = new Counted(writer.memory());
      BufferAllocator allocator = ChunkCodec.allocator(memory);
      memory.onTaken =
          () ->
              assertThatExceptionOfType(IllegalStateException.class)
                  .as("another thread closes the allocator too early")
                  .isThrownBy(allocator::close);
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> allocator.buffer(1000));
      memory.assertBalanced(1);
    }
  }

  @Test
  void onlyForeignVectorsAreCopiedAndCounted() {
    try (ObjectStore store = store(4 << 20);
        BufferAllocator ordinary = new RootAllocator()) {
      ObjectId stream = Waits.value(store.createStream(StreamSpec.create())).id();
      try (ChunkWriter writer = Waits.value(store.openWriter(stream));
          BufferAllocator shared = ChunkCodec.allocator(writer.memory());
          ChunkCodec.Encoder<RecordBatch> encoder = ChunkCodec.recordBatches().encoder(writer);
          ReaderDriver reader = ReaderDriver.open(store, stream, 3)) {
        assertThat(publish(writer, encoder, shared, shared)).isZero();
        assertThat(publish(writer, encoder, shared, ordinary)).isEqualTo(COLUMN_BYTES);
        assertThat(publish(writer, encoder, ordinary, ordinary)).isEqualTo(2 * COLUMN_BYTES);
        writer.finish();
        assertThat(received(reader)).isFalse();
        assertThat(received(reader)).isTrue();
        assertThat(received(reader)).isTrue();
        assertThat(reader.end()).isNull();
        Waits.done(writer.onDrained());
        assertThat(shared.getAllocatedMemory()).isZero();
      }
      assertThat(ordinary.getAllocatedMemory()).isZero();
      Waits.untilIdle(store);
    }
  }

  private static long publish(
      ChunkWriter writer,
      ChunkCodec.Encoder<RecordBatch> encoder,
      BufferAllocator first,
      BufferAllocator second) {
    List<FieldVector> columns = List.of(numbers("a", first), numbers("b", second));
    RecordBatch batch = RecordBatch.of(new VectorSchemaRoot(columns));
    ChunkCodec.Encoded encoded = encoder.tryEncode(batch);
    assertThat(writer.tryPublish(encoded.draft())).isEqualTo(ChunkWriter.Result.OK);
    batch.close();
    return encoded.copiedBytes();
  }

  private static FieldVector numbers(String name, BufferAllocator allocator) {
    BigIntVector vector = new BigIntVector(name, allocator);
    vector.allocateNew(ROWS);
    for (int i = 0; i < ROWS; i++) {
      vector.set(i, i);
    }
    vector.setValueCount(ROWS);
    return vector;
  }

  private static boolean received(ReaderDriver reader) {
    Chunk chunk = reader.next();
    try (RecordBatch batch =
        ChunkCodec.recordBatches().decoder().decode(chunk, reader.reader().preamble())) {
      BigIntVector last = batch.vector("b", BigIntVector.class);
      assertThat(last.get(ROWS - 1)).isEqualTo(ROWS - 1);
      return batch.wasCopied();
    }
  }
}
