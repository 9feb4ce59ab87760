package io.vineyard.reactive.micrometer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Meters of a client of a store, and of the ends of streams that it opens. Immutable but for what
 * it is bound to; each setter returns a copy.
 *
 * <pre>{@code
 * VineyardMetrics.of(store).bindTo(registry);
 * }</pre>
 *
 * <p>Ends that are open when it is bound are measured as well. Streams have meters of their own,
 * {@code vineyard.stream.*}, as long as an end of them is open here; what {@code
 * vineyard.streams.*} counts of all of them together stays. Nameless streams count under the one
 * name {@value #UNNAMED}, and streams beyond the {@linkplain #mostStreams bound} under {@value
 * #OTHERS}.
 *
 * <p>Streams count by themselves whether or not somebody reads it; a meter does when it is read.
 * None of them waits: the gauges of the store show its answer to the question that they asked when
 * they were read before, and ask again if that is a second ago. What a store does not tell is not a
 * number: see {@link io.vineyard.store.StoreStatus}.
 *
 * <p>Two stores in one registry need {@linkplain #tags tags} that tell them apart. Everything is
 * removed from the registries by {@link #close()}, and when the client is closed or lost.
 */
public final class VineyardMetrics implements MeterBinder, AutoCloseable {
  /** What streams are called that have no name. */
  public static final String UNNAMED = "unnamed";

  /** What streams are called for which there are no more meters of their own. */
  public static final String OTHERS = "others";

  /** How many streams have meters of their own at a time unless told otherwise. */
  public static final int DEFAULT_MOST_STREAMS = 100;

  /** What is the same for all registries. */
  record Settings(ObjectStore store, Tags tags, int mostStreams, boolean unnamedById) {}

  private final Settings settings;
  private final Set<Binding> bindings = ConcurrentHashMap.newKeySet();

  private VineyardMetrics(Settings settings) {
    this.settings = settings;
  }

  /** Returns the metrics of a client of a store, which stays the caller's. */
  public static VineyardMetrics of(ObjectStore store) {
    Objects.requireNonNull(store, "store");
    return new VineyardMetrics(new Settings(store, Tags.empty(), DEFAULT_MOST_STREAMS, false));
  }

  /** Adds tags to all meters. */
  public VineyardMetrics tags(Iterable<Tag> more) {
    Objects.requireNonNull(more, "tags");
    return new VineyardMetrics(
        new Settings(
            settings.store, settings.tags.and(more), settings.mostStreams, settings.unnamedById));
  }

  /**
   * Sets how many ends of named streams have meters of their own at a time.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 0
   */
  public VineyardMetrics mostStreams(int most) {
    if (most < 0) {
      throw VineyardException.of(ErrorCode.INVALID, "expected 0 streams or more, got " + most);
    }
    return new VineyardMetrics(
        new Settings(settings.store, settings.tags, most, settings.unnamedById));
  }

  /** Has nameless streams treated as if their id was their name. */
  public VineyardMetrics unnamedById() {
    return new VineyardMetrics(
        new Settings(settings.store, settings.tags, settings.mostStreams, true));
  }

  /** Registers the meters, at once; the registry stays the caller's. */
  @Override
  public void bindTo(MeterRegistry registry) {
    Objects.requireNonNull(registry, "registry");
    Binding binding = new Binding(registry, settings);
    bindings.add(binding);
    binding.begin(() -> bindings.remove(binding));
  }

  /**
   * Removes the meters from all registries; any call but the first after a binding does nothing.
   */
  @Override
  public void close() {
    List<Binding> ended = List.copyOf(bindings);
    ended.forEach(bindings::remove);
    ended.forEach(Binding::close);
  }
}
