package io.vineyard.store.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Waits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A writer, a reader and two who release, all at once, each asleep whenever it can be.
 *
 * <p>Forbidden: a chunk that comes twice, out of order, torn or never; a slot that is reused while
 * somebody has leased it; a sleeper that nobody wakes.
 */
class RingRaceTest {
  private static final int CHUNKS = 200_000;

  private record Lease(int slot, long position) {}

  private final AtomicReference<Throwable> broken = new AtomicReference<>();
  private final Semaphore forWriter = new Semaphore(0);
  private final Semaphore forReader = new Semaphore(0);
  private final Queue<Lease> leases = new ConcurrentLinkedQueue<>();
  private volatile boolean done;
  private Ring ring;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 256})
  void everyChunkComesOnceAndNobodyOversleeps(int slots) throws InterruptedException {
    RingLayout layout = RingLayout.of(slots);
    ring =
        Ring.create(
            layout, ByteBuffer.allocateDirect(layout.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN));
    int chunks = slots < 8 ? CHUNKS / 10 : CHUNKS;
    RingReader reader = new RingReader(ring, 1);
    List<Thread> threads = new ArrayList<>();
    threads.add(start("writer", () -> write(slots, chunks)));
    threads.add(start("reader", () -> read(reader, chunks)));
    threads.add(start("releaser 1", () -> release(reader)));
    threads.add(start("releaser 2", () -> release(reader)));
    for (Thread thread : threads) {
      thread.join(60_000);
      assertThat(thread.isAlive()).as("%s is alive", thread.getName()).isFalse();
    }
    assertThat(broken).hasNullValue();
    assertThat(new RingAudit(ring).isDrained()).isTrue();
  }

  private Thread start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler(
        (failed, error) -> {
          broken.compareAndSet(null, error);
          done = true;
        });
    thread.start();
    return thread;
  }

  private void write(int slots, int chunks) {
    RingWriter writer = new RingWriter(ring);
    boolean[] taken = new boolean[slots];
    for (int number = 0; number < chunks; number++) {
      while (writer.outstanding() == slots) {
        takeBack(writer, taken, Math.max(1, slots / 4));
      }
      ByteBuffer header = ByteBuffer.allocate(2 * Integer.BYTES).putInt(number).putInt(~number);
      int slot = writer.publish(Descriptor.of(number, new long[] {number}, header.flip()));
      assertThat(taken[slot]).as("slot %d is taken", slot).isFalse();
      taken[slot] = true;
      if (writer.wakesReader()) {
        forReader.release();
      }
    }
    while (writer.outstanding() > 0) {
      takeBack(writer, taken, writer.outstanding());
    }
    done = true;
  }

  private void takeBack(RingWriter writer, boolean[] taken, int chunks) {
    writer.reclaim(slot -> taken[slot] = false);
    if (writer.outstanding() > 0 && writer.sleep(Math.min(chunks, writer.outstanding()))) {
      Waits.signal("a release", forWriter);
    }
  }

  private void read(RingReader reader, int chunks) {
    int next = 0;
    while (next < chunks) {
      int slot = reader.peek();
      if (slot == RingReader.NONE) {
        if (reader.sleep()) {
          Waits.signal("chunk " + next, forReader);
        }
      } else {
        Descriptor found = reader.read(slot);
        assertThat(reader.position()).isEqualTo(next);
        assertThat(found.dataBytes()).isEqualTo(next);
        assertThat(found.segments()[0]).isEqualTo(next);
        assertThat(found.header().getInt(0)).isEqualTo(next);
        assertThat(found.header().getInt(Integer.BYTES)).isEqualTo(~next);
        assertThat(reader.lease(slot)).isTrue();
        leases.add(new Lease(slot, next));
        next++;
      }
    }
  }

  private void release(RingReader reader) {
    while (!done) {
      Lease lease = leases.poll();
      if (lease == null) {
        Thread.onSpinWait();
        continue;
      }
      assertThat(reader.release(lease.slot, lease.position)).isTrue();
      // the writer waits for no more than are out, so no release has to be said to be the last
      if (reader.wakesWriter(false)) {
        forWriter.release();
      }
    }
  }
}
