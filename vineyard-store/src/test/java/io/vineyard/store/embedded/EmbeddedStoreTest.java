package io.vineyard.store.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

class EmbeddedStoreTest {
  @Test
  void embedded() throws Exception {
    ObjectStore store = EmbeddedStore.create().capacity(64 << 20).segmentBytes(1 << 20).open();
    chunkCrosses(store, store);
  }

  @Test
  void served() throws Exception {
    BoundServer server =
        VineyardServer.create()
            .socket(Path.of("/tmp/x.sock"))
            .capacity(64 << 20)
            .segmentBytes(1 << 20)
            .bindNow();
    ObjectStore store = VineyardClient.create().socket(server.socket()).connectNow();
    chunkCrosses(store, store);
    chunkCrosses(server.connectNow(), VineyardClient.create().socket(server.socket()).connectNow());
    System.out.println(Segment.openCount() + " " + Mapping.openCount());
    System.out.println(server.status().block());
    server.disposeNow(Duration.ofSeconds(5));
  }

  void chunkCrosses(ObjectStore store, ObjectStore other) throws Exception {
    StreamInfo info = store.createStream(StreamSpec.create().windowChunks(4)).block();
    ChunkWriter writer = store.openWriter(info.id()).block(Duration.ofSeconds(5));
    Semaphore available = new Semaphore(0);
    ChunkReader reader = other.openReader(info.id(), available::release).block();
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
                  Mapping.view(a.address(), 8).putLong(0, i);
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
      long off = c.header().order(ByteOrder.BIG_ENDIAN).getLong(0);
      assertThat(Mapping.view(c.address(off, 1024), 8).getLong(0)).isEqualTo(got++);
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
    other.close();
  }
}
