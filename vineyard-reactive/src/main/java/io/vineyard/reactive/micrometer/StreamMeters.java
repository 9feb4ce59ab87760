package io.vineyard.reactive.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.vineyard.reactive.StreamListener.End;
import io.vineyard.reactive.micrometer.VineyardMetrics.Settings;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.Exceptions;

/** The meters of the ends of streams: of those that have the same name together, and of all. */
final class StreamMeters {
  private record Key(String stream, boolean isWriter) {
    boolean isShared() {
      return stream.equals(VineyardMetrics.UNNAMED) || stream.equals(VineyardMetrics.OTHERS);
    }
  }

  private final MeterRegistry registry;
  private final Settings settings;
  private final StreamGroup allWriters;
  private final StreamGroup allReaders;
  private final Map<String, Counter> faults = new ConcurrentHashMap<>();

  // Guarded by this.
  private final Map<Key, StreamGroup> groups = new HashMap<>();
  private final IdentityHashMap<End, Key> open = new IdentityHashMap<>();
  private boolean closed;

  StreamMeters(MeterRegistry registry, Settings settings) {
    this.registry = registry;
    this.settings = settings;
    this.allWriters = new StreamGroup(registry, "vineyard.streams.", settings.tags(), true);
    this.allReaders = new StreamGroup(registry, "vineyard.streams.", settings.tags(), false);
  }

  synchronized void opened(End end) {
    if (closed) {
      return;
    }
    Key key = key(end);
    open.put(end, key);
    groups.computeIfAbsent(key, this::newGroup).add(end);
    all(end).add(end);
  }

  private Key key(End end) {
    Key wanted = new Key(name(end.stream()), end.isWriter());
    if (wanted.isShared() || groups.containsKey(wanted)) {
      return wanted;
    }
    long own = groups.keySet().stream().filter(key -> !key.isShared()).count();
    return own < settings.mostStreams() ? wanted : new Key(VineyardMetrics.OTHERS, end.isWriter());
  }

  private String name(StreamInfo stream) {
    String name = stream.spec().name();
    return name != null
        ? name
        : settings.unnamedById() ? stream.id().toString() : VineyardMetrics.UNNAMED;
  }

  private StreamGroup newGroup(Key key) {
    Tags tags = settings.tags().and("stream", key.stream);
    return new StreamGroup(registry, "vineyard.stream.", tags, key.isWriter);
  }

  private StreamGroup all(End end) {
    return end.isWriter() ? allWriters : allReaders;
  }

  synchronized void closed(End end) {
    Key key = open.remove(end);
    if (closed || key == null) {
      return;
    }
    all(end).remove(end);
    StreamGroup group = Objects.requireNonNull(groups.get(key));
    if (group.remove(end) && !key.isShared()) {
      groups.remove(key);
      group.close();
    }
  }

  void failed(Throwable fault) {
    faults.computeIfAbsent(kind(fault), this::faults).increment();
  }

  private static String kind(Throwable fault) {
    return Exceptions.unwrap(fault) instanceof VineyardException typed
        ? typed.code().name()
        : "OTHER";
  }

  private Counter faults(String kind) {
    return Counter.builder("vineyard.faults")
        .tags(settings.tags().and("kind", kind))
        .description("Ends that could not be opened or failed, and elements that were refused")
        .baseUnit("faults")
        .register(registry);
  }

  synchronized void close() {
    closed = true;
    groups.values().forEach(StreamGroup::close);
    groups.clear();
    open.clear();
    allWriters.close();
    allReaders.close();
    for (Meter counter : faults.values()) {
      registry.remove(counter);
    }
  }
}
