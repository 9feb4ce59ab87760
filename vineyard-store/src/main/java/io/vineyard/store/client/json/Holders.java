package io.vineyard.store.client.json;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts who needs something; whoever makes it is the first, and the last to go ends it. */
final class Holders {
  private final AtomicInteger count = new AtomicInteger(1);
  private final Runnable end;

  Holders(Runnable end) {
    this.end = end;
  }

  void add() {
    count.incrementAndGet();
  }

  void remove() {
    if (count.decrementAndGet() == 0) {
      end.run();
    }
  }
}
