package io.vineyard.reactive.micrometer;

import io.micrometer.observation.ObservationRegistry;
import io.vineyard.reactive.StreamListener;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Observations of streams, which span the process of the writer and that of the reader. Immutable;
 * each setter returns a copy.
 *
 * <pre>{@code
 * VineyardObservations.of(registry).observe(store); // in both processes
 * }</pre>
 *
 * <p>A writer has one observation, {@code vineyard.stream.write}, from its first element until it
 * ends the stream. Its parent is the one in the Reactor context of {@link
 * io.vineyard.reactive.StreamWriter#write write} or {@link io.vineyard.reactive.StreamWriter#emit
 * emit}, else the current one of the thread. Its chunks carry what the propagator of the tracer
 * writes, of up to 4 KiB; fields beyond that are left out.
 *
 * <p>A reader has one, {@code vineyard.stream.read}, for as long as chunks carry the same, which
 * continues the trace. It is the current one while an element is delivered, so that what is logged
 * and begun then belongs to the trace. Work that is done later takes it along by Reactor's own
 * {@code contextCapture()}: {@code flatMap(batch -> work(batch).contextCapture())}.
 *
 * <p>The names of streams are key values of high cardinality, their kinds of low cardinality.
 * Handlers of the registry are called by whatever thread writes or reads, and must not block.
 */
public final class VineyardObservations {
  /** What the observations of one registry are like. */
  record Settings(ObservationRegistry registry, boolean perChunk) {}

  private final Settings settings;

  private VineyardObservations(Settings settings) {
    this.settings = settings;
  }

  /** Returns observations for a registry, whose tracing handlers propagate them. */
  public static VineyardObservations of(ObservationRegistry registry) {
    return new VineyardObservations(
        new Settings(Objects.requireNonNull(registry, "registry"), false));
  }

  /**
   * Observes each chunk: {@code vineyard.chunk.write} while it is published, {@code
   * vineyard.chunk.read} while it is delivered. That costs some microseconds for each.
   */
  public VineyardObservations perChunk() {
    return new VineyardObservations(new Settings(settings.registry, true));
  }

  /**
   * Observes the ends of streams that are opened from now on by this client of a store.
   *
   * @return ends it for ends that are opened afterwards
   */
  public Disposable observe(ObjectStore store) {
    Settings all = settings;
    return StreamListener.listen(
        store,
        new StreamListener() {
          @Override
          public @Nullable WriterTrace writing(StreamInfo stream) {
            return all.registry.isNoop() ? null : new WriterObservation(all, stream);
          }

          @Override
          public @Nullable ReaderTrace reading(StreamInfo stream) {
            return all.registry.isNoop() ? null : new ReaderObservation(all, stream);
          }
        });
  }
}
