package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SegmentPoolTest {
  private static final long SEGMENT_BYTES = 1 << 16;
  private static final long LARGE_BYTES = 5 * SEGMENT_BYTES;

  private final ObjectStore store =
      EmbeddedStore.create().capacity(1 << 20).segmentBytes(SEGMENT_BYTES).open();
  private ObjectId stream;
  private ChunkWriter writer;
  private SharedMemory memory;
  private long ringBytes;

  @BeforeEach
  void openWriter() {
    stream = Waits.value(store.createStream(StreamSpec.create())).id();
    ringBytes = Waits.value(store.status()).usedBytes();
    writer = Waits.value(store.openWriter(stream));
    memory = writer.memory();
  }

  @AfterEach
  void nothingIsLeft() {
    writer.close();
    Waits.done(store.delete(stream));
    Waits.untilIdle(store);
    store.close();
  }

  private void untilUsed(long bytes) {
    Waits.until(bytes + " used bytes beside the ring", () -> usedBytes() == bytes);
  }

  private long usedBytes() {
    return Waits.value(store.status()).usedBytes() - ringBytes;
  }

  @Test
  void oneSegmentOfTheUsualCapacityIsKeptForAWriter() {
    untilUsed(SEGMENT_BYTES);
    SharedMemory.Allocation large = memory.allocate(LARGE_BYTES);
    assertThat(usedBytes()).isEqualTo(SEGMENT_BYTES + LARGE_BYTES);
    large.free();
    untilUsed(SEGMENT_BYTES);
    memory.allocate(64).free();
    assertThat(Waits.value(store.status()).segments()).isEqualTo(1);
  }

  @Test
  void segmentLeasedInTheBackgroundWaitsForItsUse() {
    assertThat(memory.tryAllocate(LARGE_BYTES)).isNull();
    untilUsed(SEGMENT_BYTES + LARGE_BYTES);
    SharedMemory.Allocation[] found = new SharedMemory.Allocation[1];
    Waits.until(
        "the memory asked for",
        () -> {
          found[0] = memory.tryAllocate(LARGE_BYTES);
          return found[0] != null;
        });
    found[0].free();
    untilUsed(SEGMENT_BYTES);
  }

  @Test
  void segmentThatNobodyUsesGoesWithTheLastWriter() {
    assertThat(memory.tryAllocate(LARGE_BYTES)).isNull();
    untilUsed(SEGMENT_BYTES + LARGE_BYTES);
    writer.close();
    untilUsed(0);
  }

  @Test
  void whatIsKeptForLaterGoesBeforeAnybodyIsRefused() {
    untilUsed(SEGMENT_BYTES);
    memory.allocate((1 << 20) - ringBytes).free();
    memory.allocate(64).free();
  }

  @Test
  void refusedMemorySaysWhatWasAskedAndWhatIsFree() {
    untilUsed(SEGMENT_BYTES);
    long free = (1 << 20) - ringBytes; // the segment that is kept has gone for this
    assertThatThrownBy(() -> memory.allocate(1 << 20))
        .isInstanceOfSatisfying(
            VineyardException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_ENOUGH_MEMORY))
        .hasMessageContaining("asked for 1048576 bytes, " + free + " of 1048576 bytes are free");
    memory.allocate(free).free();
  }
}
