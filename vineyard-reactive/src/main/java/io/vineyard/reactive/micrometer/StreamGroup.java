package io.vineyard.reactive.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.vineyard.reactive.StreamListener.Counts;
import io.vineyard.reactive.StreamListener.End;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/** Ends of streams, all writers or all readers, that are measured as one. */
final class StreamGroup {
  private static final String CHUNKS = "chunks";

  private final MeterRegistry registry;
  private final String prefix;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();

  // Guarded by this.
  private final Set<End> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private Counts done = Counts.NONE;

  StreamGroup(MeterRegistry registry, String prefix, Tags tags, boolean isWriter) {
    this.registry = registry;
    this.prefix = prefix;
    this.tags = tags;
    Tags directed = tags.and("direction", isWriter ? "out" : "in");
    gauge("ends", directed, "ends", StreamGroup::ends);
    counter("chunks", directed, CHUNKS, all -> all.counts().elements());
    counter("rows", directed, BaseUnits.ROWS, all -> all.counts().rows());
    counter("bytes", directed, BaseUnits.BYTES, all -> all.counts().bytes());
    timer(tags.and("for", isWriter ? "room" : "data"));
    if (isWriter) {
      ofWriters();
    } else {
      gauge("demand", tags, CHUNKS, all -> demand(all.counts()));
    }
  }

  private void ofWriters() {
    counter("copied", tags, CHUNKS, all -> all.counts().copiedElements());
    counter("in.place", tags, CHUNKS, all -> inPlace(all.counts()));
    counter("copied.bytes", tags, BaseUnits.BYTES, all -> all.counts().copiedBytes());
    gauge("window.used", tags, CHUNKS, all -> all.counts().usedChunks());
    gauge("window.used.bytes", tags, BaseUnits.BYTES, all -> all.counts().usedBytes());
  }

  private static double demand(Counts counts) {
    return counts.demand() == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : counts.demand();
  }

  private static double inPlace(Counts counts) {
    return counts.elements() - counts.copiedElements();
  }

  private void counter(String name, Tags its, String unit, ToDoubleFunction<StreamGroup> value) {
    meters.add(
        FunctionCounter.builder(prefix + name, this, value)
            .tags(its)
            .baseUnit(unit)
            .register(registry));
  }

  private void gauge(String name, Tags its, String unit, ToDoubleFunction<StreamGroup> value) {
    meters.add(
        Gauge.builder(prefix + name, this, value).tags(its).baseUnit(unit).register(registry));
  }

  private void timer(Tags its) {
    meters.add(
        FunctionTimer.builder(
                prefix + "wait",
                this,
                all -> all.counts().waits(),
                all -> all.counts().waitNanos(),
                TimeUnit.NANOSECONDS)
            .tags(its)
            .register(registry));
  }

  synchronized void add(End end) {
    open.add(end);
  }

  /** Takes an end out, whose counts stay; returns whether none is left. */
  synchronized boolean remove(End end) {
    if (open.remove(end)) {
      done = done.plus(end.counts().done());
    }
    return open.isEmpty();
  }

  /** Under the lock, so that an end that is closed meanwhile is counted once. */
  private synchronized Counts counts() {
    Counts sum = done;
    for (End end : open) {
      sum = sum.plus(end.counts());
    }
    return sum;
  }

  private synchronized int ends() {
    return open.size();
  }

  void close() {
    meters.forEach(registry::remove);
  }
}
