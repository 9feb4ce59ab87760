package io.vineyard.store.attach;

import io.vineyard.store.message.Command;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What any thread gives to a link's thread: commands and tasks, in their order. One task of the
 * thread takes all that has come, so that a burst costs one wake-up.
 */
public final class LinkQueue {
  /** Takes commands, on the link's thread. */
  public interface Taker {
    /** Takes a command. */
    void take(Command command);

    /** Everything that had come was taken. */
    void flush();
  }

  private final Executor loop;
  private final Taker taker;
  private final Queue<Object> items = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private final Runnable drain = this::drain;
  private volatile boolean over;

  /**
   * Makes an empty queue.
   *
   * @param loop runs tasks on the link's thread
   * @param taker takes the commands there
   */
  public LinkQueue(Executor loop, Taker taker) {
    this.loop = loop;
    this.taker = taker;
  }

  /** Adds a command; never blocks. */
  public void add(Command command) {
    addItem(command);
  }

  /** Adds a task; never blocks. */
  public void add(Runnable task) {
    addItem(task);
  }

  private void addItem(Object item) {
    if (over) {
      return;
    }
    items.add(item);
    if (count.getAndIncrement() == 0) {
      try {
        loop.execute(drain);
      } catch (RejectedExecutionException e) {
        over = true;
        items.clear();
      }
    }
  }

  private void drain() {
    int missed = count.get();
    do {
      for (Object item = items.poll(); item != null; item = items.poll()) {
        if (item instanceof Command command) {
          taker.take(command);
        } else {
          ((Runnable) item).run();
        }
      }
      taker.flush();
      missed = count.addAndGet(-missed);
    } while (missed != 0);
  }
}
