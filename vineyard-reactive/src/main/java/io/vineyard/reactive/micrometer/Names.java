package io.vineyard.reactive.micrometer;

import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.vineyard.store.StreamInfo;

/** What observations of streams are called, and what they say of a stream. */
final class Names {
  private Names() {}

  static Observation describe(
      String name,
      String verb,
      StreamInfo stream,
      Observation.Context context,
      ObservationRegistry registry) {
    String known = stream.spec().name();
    String called = known == null ? VineyardMetrics.UNNAMED : known;
    return Observation.createNotStarted(name, () -> context, registry)
        .contextualName(verb + " " + called)
        .lowCardinalityKeyValue(KeyValue.of("vineyard.stream.kind", stream.spec().typeName()))
        .highCardinalityKeyValue(KeyValue.of("vineyard.stream.name", called))
        .highCardinalityKeyValue(KeyValue.of("vineyard.stream.id", stream.id().toString()));
  }
}
