package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Waits;
import io.vineyard.store.message.Command;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Forbidden: an item that is lost, taken twice, or taken before an earlier one of its thread; two
 * threads that take at once; a last item that is not flushed.
 */
class LinkQueueRaceTest {
  private static final int ROUNDS = 100;
  private static final int WRITERS = 3;
  private static final int ITEMS = 200;

  /** Takes items in order; its fields are the loop's alone, which is what is tested. */
  private static final class Taker implements LinkQueue.Taker {
    final long[] next = new long[WRITERS];
    final AtomicInteger taking = new AtomicInteger();
    final AtomicInteger taken = new AtomicInteger();
    volatile String broken;
    volatile int flushed;

    @Override
    public void take(Command command) {
      Command.GetObject item = (Command.GetObject) command;
      take((int) item.request(), item.id());
    }

    void take(int writer, long number) {
      if (taking.incrementAndGet() != 1) {
        broken = "two take at once";
      }
      if (number != next[writer]++) {
        broken = "item " + number + " of writer " + writer + " came out of order";
      }
      taking.decrementAndGet();
      taken.incrementAndGet();
    }

    @Override
    public void flush() {
      flushed = taken.get();
    }
  }

  private static void add(LinkQueue queue, Taker taker, int writer) {
    for (long number = 0; number < ITEMS; number++) {
      long item = number;
      if (number % 3 == 0) {
        queue.add(() -> taker.take(writer, item));
      } else {
        queue.add(new Command.GetObject(writer, number, false));
      }
    }
  }

  @Test
  void itemsOfEachThreadComeOnceAndInOrder() {
    // Two threads, which must never both be in the queue.
    ExecutorService loop = Executors.newFixedThreadPool(2);
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        Taker taker = new Taker();
        LinkQueue queue = new LinkQueue(loop, taker);
        race.run(
            () -> add(queue, taker, 0), () -> add(queue, taker, 1), () -> add(queue, taker, 2));
        Waits.until(
            () -> "a flush of all items, there were " + taker.flushed,
            () -> taker.flushed == WRITERS * ITEMS);
        assertThat(taker.broken).as("round %s", i).isNull();
      }
    } finally {
      loop.shutdownNow();
    }
  }

  @Test
  void queueOfALoopThatHasEndedDropsWhatComes() {
    AtomicInteger asked = new AtomicInteger();
    Taker taker = new Taker();
    LinkQueue queue =
        new LinkQueue(
            task -> {
              asked.incrementAndGet();
              throw new RejectedExecutionException("ended");
            },
            taker);
    for (int i = 0; i < 3; i++) {
      queue.add(new Command.GetObject(0, i, false));
    }
    assertThat(asked).hasValue(1);
    assertThat(taker.taken).hasValue(0);
  }
}
