package io.vineyard.store;

import static io.vineyard.store.BlobContract.seal;
import static io.vineyard.store.Waits.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** A Vineyard server that is killed under its client. */
class VineyardDKillIT {
  private static final Duration SOON = Duration.ofSeconds(1);
  private static final long CAPACITY_BYTES = 16 << 20;
  private static final int CHUNK_BYTES = 1 << 20;

  private static void failsSoon(CompletableFuture<?> result) {
    assertThat(result)
        .failsWithin(SOON)
        .withThrowableThat()
        .withCauseInstanceOf(StoreLostException.class);
  }

  @Test
  void everybodyIsToldAndNothingIsLeft() {
    int segments = Segment.openCount();
    int mappings = Mapping.openCount();
    try (VineyardD server = VineyardD.start(CAPACITY_BYTES);
        ObjectStore store = server.connect()) {
      ObjectId empty = StreamContract.create(store);
      ObjectId full = StreamContract.create(store);
      ReaderDriver reader = ReaderDriver.open(store, empty, 1);
      WriterDriver idle = WriterDriver.open(store, empty);
      WriterDriver busy = WriterDriver.open(store, full);
      Blob blob = value(store.getBlob(seal(store, 1000)));
      BlobWriter half = value(store.createBlob(1000));
      busy.publish(20, CHUNK_BYTES);
      Waits.until("a full store", () -> value(store.status()).freeBytes() < CHUNK_BYTES + 2 * 4096);
      CompletableFuture<Void> closed = store.onClose().toFuture();
      CompletableFuture<ObjectId> name = store.getName("never", Waits.PATIENCE).toFuture();
      long killed = System.nanoTime();
      server.kill();
      failsSoon(closed);
      failsSoon(name);
      failsSoon(store.status().toFuture());
      failsSoon(store.createBlob(10).toFuture());
      assertThat(busy.writer().onDrained().toFuture()).succeedsWithin(SOON);
      assertThat(reader.end()).isInstanceOf(StoreLostException.class);
      assertThat(idle.writer().failure()).isInstanceOf(StoreLostException.class);
      assertThat(busy.writer().failure()).isInstanceOf(StoreLostException.class);
      ChunkDraft nothing = busy.writer().draft().complete(ByteBuffer.allocate(0), 0, () -> {});
      assertThat(busy.writer().tryPublish(nothing)).isEqualTo(ChunkWriter.Result.CANCELLED);
      assertThat(System.nanoTime() - killed).isLessThan(2 * SOON.toNanos());
      Pattern.check(blob.address(), 1000, 1000);
      Pattern.fill(half.address(), 1000, 1);
      failsSoon(half.seal().toFuture());
      blob.close();
      reader.close();
      idle.close();
      busy.close();
    }
    Waits.until(
        () -> segments + " open segments, there are " + Segment.openCount(),
        () -> Segment.openCount() == segments);
    Waits.until(
        () -> mappings + " open mappings, there are " + Mapping.openCount(),
        () -> Mapping.openCount() == mappings);
  }
}
