package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.Waits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

class SerialDrainTest {
  @Test
  void letsOthersRunHoweverOftenItIsSignalled() throws Exception {
    CountDownLatch others = new CountDownLatch(Schedulers.DEFAULT_POOL_SIZE);
    CountDownLatch rested = new CountDownLatch(1);
    AtomicReference<SerialDrain> itself = new AtomicReference<>();
    SerialDrain drain =
        new SerialDrain(
            () -> {
              if (others.getCount() > 0) {
                itself.get().run();
              } else {
                rested.countDown();
              }
            });
    itself.set(drain);
    drain.signal();
    List<Scheduler.Worker> workers = new ArrayList<>();
    try {
      for (int i = 0; i < Schedulers.DEFAULT_POOL_SIZE; i++) { // one for each thread
        workers.add(Schedulers.parallel().createWorker());
        workers.get(i).schedule(others::countDown);
      }
      assertThat(others.await(Waits.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
      assertThat(rested.await(Waits.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
    } finally {
      while (others.getCount() > 0) {
        others.countDown();
      }
      workers.forEach(Scheduler.Worker::dispose);
    }
  }
}
