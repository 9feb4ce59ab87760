package io.vineyard.reactive.micrometer;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;
import io.vineyard.reactive.StreamListener.ReaderTrace;
import io.vineyard.store.StreamInfo;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a reader is given: one observation for as long as chunks carry the same, or one for each.
 */
final class ReaderObservation implements ReaderTrace {
  private final ObservationRegistry registry;
  private final boolean perChunk;
  private final StreamInfo stream;
  private @Nullable Observation observation;
  private @Nullable ByteBuffer last;

  ReaderObservation(VineyardObservations.Settings settings, StreamInfo stream) {
    this.registry = settings.registry();
    this.perChunk = settings.perChunk();
    this.stream = stream;
  }

  @Override
  public void arrived(@Nullable ByteBuffer carrier) {
    if (observation == null || !Objects.equals(carrier, last)) {
      ended(null);
      last = carrier;
      begin(carrier == null ? Map.of() : Carrier.decode(carrier));
    }
  }

  private void begin(Map<String, String> fields) {
    ReceiverContext<Map<String, String>> context =
        new ReceiverContext<>((source, field) -> source.get(field), Kind.CONSUMER);
    context.setCarrier(fields);
    String name = perChunk ? "vineyard.chunk.read" : "vineyard.stream.read";
    observation = Names.describe(name, "read", stream, context, registry).start();
  }

  @Override
  public void deliver(Runnable delivery) {
    Observation current = observation;
    if (current == null) {
      delivery.run();
      return;
    }
    current.scoped(delivery);
    if (perChunk) {
      ended(null);
    }
  }

  @Override
  public void ended(@Nullable Throwable fault) {
    if (observation != null) {
      if (fault != null) {
        observation.error(fault);
      }
      observation.stop();
      observation = null;
    }
  }
}
