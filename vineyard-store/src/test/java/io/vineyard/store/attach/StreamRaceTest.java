package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkReader;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Threads that use one end of a stream, or one pool of memory.
 *
 * <p>Forbidden: a chunk that is accepted and not reclaimed once, or refused and reclaimed; a window
 * that the store finds exceeded; a writer that is drained before; a chunk that two readers have or
 * none; memory given to two; a wait for memory that is not told; anything left.
 */
class StreamRaceTest {
  private static final int ROUNDS = 60;
  private static final int WINDOW = 8;

  private final int segments = Segment.openCount();
  private final int mappings = Mapping.openCount();
  private final ObjectStore store =
      EmbeddedStore.create().capacity(1 << 20).segmentBytes(1 << 17).open();
  private final Race race = new Race();

  @AfterEach
  void nothingIsLeft() {
    race.close();
    Waits.untilIdle(store);
    store.close();
    Waits.until("no segments", () -> Segment.openCount() == segments);
    Waits.until("no mappings", () -> Mapping.openCount() == mappings);
  }

  private ObjectId create() {
    StreamSpec spec = StreamSpec.create().windowChunks(WINDOW);
    return Waits.value(store.createStream(spec)).id();
  }

  /** Offers chunks until the stream is over; returns how many were accepted. */
  private static void offer(ChunkWriter writer, AtomicInteger accepted, AtomicInteger reclaimed) {
    while (true) {
      ChunkDraft draft = writer.draft();
      draft.complete(ByteBuffer.allocate(0), 0, reclaimed::incrementAndGet);
      switch (writer.tryPublish(draft)) {
        case OK -> accepted.incrementAndGet();
        case WINDOW_FULL -> LockSupport.parkNanos(1);
        default -> {
          return;
        }
      }
    }
  }

  private static void readToTheEnd(ChunkReader reader, AtomicInteger read) {
    Waits.until(
        "the end",
        () -> {
          for (Chunk chunk = reader.poll(); chunk != null; chunk = reader.poll()) {
            assertThat(chunk.position()).isEqualTo(read.getAndIncrement());
            chunk.close();
          }
          return reader.isEnded();
        });
  }

  @Test
  void everyAcceptedChunkIsReadAndReclaimedOnceHoweverTheStreamEnds() {
    for (int i = 0; i < ROUNDS; i++) {
      ObjectId id = create();
      AtomicInteger accepted = new AtomicInteger();
      AtomicInteger reclaimed = new AtomicInteger();
      AtomicInteger read = new AtomicInteger();
      try (ChunkWriter writer = Waits.value(store.openWriter(id));
          ChunkReader reader = Waits.value(store.openReader(id, () -> {}))) {
        reader.request(Long.MAX_VALUE);
        Runnable end = i % 2 == 0 ? writer::finish : writer::close;
        race.run(
            () -> offer(writer, accepted, reclaimed),
            () -> offer(writer, accepted, reclaimed),
            () -> {
              Waits.until("some chunks", () -> accepted.get() > WINDOW);
              end.run();
            },
            () -> readToTheEnd(reader, read));
        Waits.done(writer.onDrained());
        assertThat(read).as("read in round %s", i).hasValue(accepted.get());
        assertThat(reclaimed).as("reclaimed in round %s", i).hasValue(accepted.get());
        assertThat(writer.outstandingChunks()).isZero();
      }
    }
  }

  @Test
  void chunksOfAWriterWhoseClientIsClosedAreReclaimedOnce() {
    for (int i = 0; i < ROUNDS; i++) {
      ObjectId id = create();
      AtomicInteger accepted = new AtomicInteger();
      AtomicInteger reclaimed = new AtomicInteger();
      ObjectStore client = Waits.value(store.fork());
      ChunkWriter writer = Waits.value(client.openWriter(id));
      try (ChunkReader reader = Waits.value(store.openReader(id, () -> {}))) {
        reader.request(Long.MAX_VALUE);
        race.run(
            () -> offer(writer, accepted, reclaimed),
            client::close,
            () -> readToTheEnd(reader, new AtomicInteger()));
        assertThat(writer.failure()).isNotNull();
        Waits.until(
            () -> accepted + " reclaimed chunks, there are " + reclaimed,
            () -> reclaimed.get() == accepted.get());
        Waits.done(writer.onDrained());
        assertThat(writer.outstandingChunks()).isZero();
      }
      store.delete(id).onErrorComplete().block(Waits.PATIENCE);
    }
  }

  @Test
  void chunkIsHadByOneReaderWheneverTheOtherLeaves() {
    for (int i = 0; i < ROUNDS; i++) {
      ObjectId id = create();
      List<Long> first = new ArrayList<>();
      try (ChunkWriter writer = Waits.value(store.openWriter(id));
          ChunkReader reader = Waits.value(store.openReader(id, () -> {}))) {
        reader.request(Long.MAX_VALUE);
        for (int chunk = 0; chunk < WINDOW; chunk++) {
          writer.tryPublish(writer.draft().complete(ByteBuffer.allocate(0), 0, () -> {}));
        }
        writer.finish();
        AtomicBoolean left = new AtomicBoolean();
        race.run(
            () -> {
              while (!left.get()) {
                take(reader, first);
              }
              take(reader, first);
            },
            () -> {
              leave(reader);
              left.set(true);
            });
      }
      readTheRest(id, first, "round " + i);
    }
  }

  private static void leave(ChunkReader reader) {
    reader.close();
  }

  /** Every third chunk is looked at and put back. */
  private static void take(ChunkReader reader, List<Long> positions) {
    Chunk chunk = reader.poll();
    if (chunk != null && positions.size() % 3 == 2) {
      reader.putBack(chunk);
      chunk = reader.poll();
    }
    if (chunk != null) {
      positions.add(chunk.position());
      chunk.close();
    }
  }

  private void readTheRest(ObjectId id, List<Long> first, String when) {
    List<Long> all = new ArrayList<>(first);
    if (Waits.value(store.status()).streams() > 0) {
      try (ChunkReader next = Waits.value(store.openReader(id, () -> {}))) {
        next.request(Long.MAX_VALUE);
        Waits.until(
            () -> "the end of " + when + " after " + all,
            () -> {
              for (Chunk chunk = next.poll(); chunk != null; chunk = next.poll()) {
                all.add(chunk.position());
                chunk.close();
              }
              return next.isEnded();
            });
      }
    }
    assertThat(all).as(when).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
  }

  @Test
  void memoryIsGivenToOneAndEveryWaitForItEnds() {
    ObjectId id = create();
    try (ChunkWriter writer = Waits.value(store.openWriter(id))) {
      Runnable[] users = new Runnable[4];
      for (int user = 0; user < users.length; user++) {
        long stamp = user + 1L;
        users[user] = () -> churn(writer.memory(), stamp);
      }
      race.run(users);
    }
    Waits.done(store.delete(id));
  }

  /** More is wanted than there is, so that all wait for each other now and then. */
  private static void churn(SharedMemory memory, long stamp) {
    Random random = new Random(stamp);
    List<SharedMemory.Allocation> held = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      SharedMemory.Allocation taken = allocate(memory, 8L * (1 + random.nextInt(8000)));
      if (taken != null) {
        stamp(taken, stamp);
        held.add(taken);
      }
      while (held.size() > (taken == null ? 0 : random.nextInt(8))) {
        SharedMemory.Allocation freed = held.remove(random.nextInt(held.size()));
        checkStamp(freed, stamp);
        freed.free();
      }
    }
    held.forEach(SharedMemory.Allocation::free);
  }

  private static SharedMemory.Allocation allocate(SharedMemory memory, long bytes) {
    try {
      return memory.allocate(bytes);
    } catch (VineyardException e) {
      return null; // the store is full
    }
  }

  private static void stamp(SharedMemory.Allocation memory, long stamp) {
    ByteBuffer view = Mapping.view(memory.address(), (int) memory.sizeBytes());
    view.putLong(0, stamp);
    view.putLong(view.capacity() - 8, stamp);
  }

  private static void checkStamp(SharedMemory.Allocation memory, long stamp) {
    ByteBuffer view = Mapping.view(memory.address(), (int) memory.sizeBytes());
    assertThat(view.getLong(0)).isEqualTo(stamp);
    assertThat(view.getLong(view.capacity() - 8)).isEqualTo(stamp);
  }

  @Test
  void memoryInUseStaysMappedWhenItsClientIsClosedAndNoLonger() {
    for (int i = 0; i < ROUNDS; i++) {
      ObjectId id = create();
      ObjectStore client = Waits.value(store.fork());
      SharedMemory memory = Waits.value(client.openWriter(id)).memory();
      List<SharedMemory.Allocation> taken = new ArrayList<>();
      race.run(
          () -> {
            for (SharedMemory.Allocation one = memory.tryAllocate(64);
                one != null;
                one = memory.tryAllocate(64)) {
              taken.add(one);
            }
          },
          client::close);
      for (SharedMemory.Allocation one : taken) {
        stamp(one, 42);
        one.free();
      }
      assertThat(memory.tryAllocate(64)).isNull();
      Waits.until("a stream without writer", () -> !Waits.value(store.getStream(id)).hasWriter());
      Waits.done(store.delete(id));
    }
  }
}
