package io.vineyard.reactive.micrometer;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Gauges of a store.
 *
 * <p>A store answers later, and whoever reads a gauge must not wait. So a reading shows the last
 * answer, and asks again for the next reading if the last question is old.
 */
final class StoreMeters {
  private static final long MOST_AGE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final double NOT_TOLD = -1;

  private final MeterRegistry registry;
  private final ObjectStore store;
  private final Tags tags;
  private final Clock clock;
  private final List<Meter> meters = new ArrayList<>();
  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile long askedAt;
  private volatile @Nullable StoreStatus last;

  StoreMeters(MeterRegistry registry, VineyardMetrics.Settings settings) {
    this.registry = registry;
    this.store = settings.store();
    this.tags = settings.tags();
    this.clock = registry.config().clock();
    ask();
    gauge("capacity", BaseUnits.BYTES, "The most memory the store may use", s -> s.capacityBytes());
    gauge("used", BaseUnits.BYTES, "Memory of all segments and rings", s -> s.usedBytes());
    gauge("peak", BaseUnits.BYTES, "The most memory that was ever used", s -> s.peakBytes());
    gauge("segments", "segments", "Segments of shared memory", s -> s.segments());
    gauge("clients", "clients", "Attached clients", s -> s.clients());
    gauge("objects", BaseUnits.OBJECTS, "Objects and blobs", s -> s.objects());
    gauge("names", "names", "Known names", s -> s.names());
    gauge("streams", "streams", "Streams", s -> s.streams());
    gauge("leases", "leases", "Chunks and blobs that readers hold", s -> s.leases());
  }

  private void gauge(String name, String unit, String text, ToDoubleFunction<StoreStatus> value) {
    meters.add(
        Gauge.builder("vineyard.store." + name, this, all -> all.read(value))
            .tags(tags)
            .baseUnit(unit)
            .description(text)
            .register(registry));
  }

  private double read(ToDoubleFunction<StoreStatus> value) {
    StoreStatus known = last;
    if (clock.monotonicTime() - askedAt >= MOST_AGE_NANOS) {
      ask();
    }
    double number = known == null ? NOT_TOLD : value.applyAsDouble(known);
    return number == NOT_TOLD ? Double.NaN : number;
  }

  private void ask() {
    if (asking.compareAndSet(false, true)) {
      askedAt = clock.monotonicTime();
      store
          .status()
          .doFinally(end -> asking.set(false))
          .subscribe(answer -> last = answer, lost -> last = null);
    }
  }

  void close() {
    meters.forEach(registry::remove);
  }
}
