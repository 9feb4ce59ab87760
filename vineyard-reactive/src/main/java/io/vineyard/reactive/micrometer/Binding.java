package io.vineyard.reactive.micrometer;

import io.micrometer.core.instrument.MeterRegistry;
import io.vineyard.reactive.StreamListener;
import io.vineyard.store.ObjectStore;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The meters of a store and its streams in one registry.
 *
 * <p>Meters don't keep alive what they measure. This does, and the streams of the store know it.
 */
final class Binding implements StreamListener {
  private final ObjectStore store;
  private final StoreMeters status;
  private final StreamMeters streams;
  private final Disposable.Composite ending = Disposables.composite();

  Binding(MeterRegistry registry, VineyardMetrics.Settings settings) {
    this.store = settings.store();
    this.status = new StoreMeters(registry, settings);
    this.streams = new StreamMeters(registry, settings);
  }

  /** Begins; the task is run when the store has ended it. */
  void begin(Runnable onEnd) {
    ending.add(StreamListener.listen(store, this));
    ending.add(store.onClose().subscribe(null, lost -> end(onEnd), () -> end(onEnd)));
  }

  private void end(Runnable onEnd) {
    close();
    onEnd.run();
  }

  @Override
  public void opened(End end) {
    streams.opened(end);
  }

  @Override
  public void closed(End end) {
    streams.closed(end);
  }

  @Override
  public void failed(Throwable fault) {
    streams.failed(fault);
  }

  void close() {
    ending.dispose();
    status.close();
    streams.close();
  }
}
