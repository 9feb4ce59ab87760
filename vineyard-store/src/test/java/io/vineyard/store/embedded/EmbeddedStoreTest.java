package io.vineyard.store.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.*;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.*;
import org.junit.jupiter.api.Test;

class EmbeddedStoreTest {
  @Test
  void chunkCrosses() throws Exception {
    ObjectStore store = EmbeddedStore.create().capacity(64 << 20).segmentBytes(1 << 20).open();
    StreamInfo info = store.createStream(StreamSpec.create().windowChunks(4)).block();
    ChunkWriter writer = store.openWriter(info.id()).block(Duration.ofSeconds(5));
    Semaphore available = new Semaphore(0);
    ChunkReader reader = store.openReader(info.id(), available::release).block();
    reader.request(Long.MAX_VALUE);
    int n = 100000;
    Semaphore room = new Semaphore(0);
    writer.onRoom(room::release);
    Thread t =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < n; i++) {
                  SharedMemory.Allocation a = writer.memory().allocate(1024);
                  io.vineyard.store.memory.Mapping.view(a.address(), 8).putLong(0, i);
                  ChunkDraft d = writer.draft();
                  long off = d.offsetOf(a.address(), 1024);
                  d.complete(ByteBuffer.allocate(8).putLong(0, off), 1024, a::free);
                  while (writer.tryPublish(d) != ChunkWriter.Result.OK) {
                    room.acquire();
                    room.drainPermits();
                  }
                }
                writer.finish();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    t.start();
    long start = System.nanoTime();
    int got = 0;
    while (!reader.isEnded()) {
      Chunk c = reader.poll();
      if (c == null) {
        available.acquire();
        available.drainPermits();
        continue;
      }
      long off = c.header().order(java.nio.ByteOrder.BIG_ENDIAN).getLong(0);
      assertThat(io.vineyard.store.memory.Mapping.view(c.address(off, 1024), 8).getLong(0))
          .isEqualTo(got++);
      c.close();
    }
    System.out.println("rate " + n * 1e9 / (System.nanoTime() - start));
    assertThat(got).isEqualTo(n);
    assertThat(reader.failure()).isNull();
    reader.close();
    writer.onDrained().block();
    System.out.println(store.status().block());
    System.out.println(store.status().block());
    store.close();
    store.onClose().block();
  }
}
