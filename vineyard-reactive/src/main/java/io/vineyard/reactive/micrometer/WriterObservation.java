package io.vineyard.reactive.micrometer;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import io.vineyard.reactive.StreamListener.WriterTrace;
import io.vineyard.store.StreamInfo;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** What a writer writes, as one observation, or as one for each chunk. */
final class WriterObservation implements WriterTrace {
  /** Where Micrometer's context propagation keeps the current observation. */
  private static final String KEY = "micrometer.observation";

  private final ObservationRegistry registry;
  private final boolean perChunk;
  private final StreamInfo stream;
  private volatile boolean begun;

  // Guarded by this.
  private @Nullable Observation observation;
  private byte @Nullable [] carrier;
  private boolean over;

  WriterObservation(VineyardObservations.Settings settings, StreamInfo stream) {
    this.registry = settings.registry();
    this.perChunk = settings.perChunk();
    this.stream = stream;
  }

  @Override
  public ContextView enter(ContextView context) {
    if (begun) {
      return context;
    }
    Observation parent = context.getOrDefault(KEY, null);
    Observation known = parent == null ? registry.getCurrentObservation() : parent;
    if (!perChunk) {
      beginAll(known);
    } else if (parent == null && known != null) {
      return Context.of(context).put(KEY, known);
    }
    return context;
  }

  private synchronized void beginAll(@Nullable Observation parent) {
    if (!begun && !over) {
      carrier = begin("vineyard.stream.write", parent);
    }
    begun = true;
  }

  private byte @Nullable [] begin(String name, @Nullable Observation parent) {
    Map<String, String> fields = new LinkedHashMap<>();
    SenderContext<Map<String, String>> context =
        new SenderContext<>(
            (target, field, value) -> Objects.requireNonNull(target).put(field, value),
            Kind.PRODUCER);
    context.setCarrier(fields);
    Observation started = Names.describe(name, "write", stream, context, registry);
    if (parent != null) {
      started.parentObservation(parent);
    }
    observation = started.start();
    return Carrier.encode(fields);
  }

  @Override
  public synchronized byte @Nullable [] carrier(ContextView entered) {
    if (!perChunk) {
      return carrier;
    }
    return begin("vineyard.chunk.write", entered.getOrDefault(KEY, null));
  }

  @Override
  public synchronized void published() {
    if (perChunk) {
      stop();
    }
  }

  @Override
  public synchronized void ended(@Nullable Throwable fault) {
    if (fault != null && observation != null) {
      observation.error(fault);
    }
    over = true;
    stop();
  }

  private void stop() {
    if (observation != null) {
      observation.stop();
      observation = null;
    }
  }
}
