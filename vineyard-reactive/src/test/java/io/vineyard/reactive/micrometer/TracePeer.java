package io.vineyard.reactive.micrometer;

import io.micrometer.observation.Observation;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.vineyard.reactive.Batches;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ParentLines;
import java.nio.file.Path;
import reactor.core.publisher.Flux;

/** Writes a traced stream, in a process of its own. */
final class TracePeer {
  private TracePeer() {}

  public static void main(String[] arguments) {
    Traces traces = new Traces();
    try (ObjectStore store = VineyardClient.create().socket(Path.of(arguments[0])).connectNow()) {
      VineyardObservations.of(traces.registry).observe(store);
      RecordBatchStream stream =
          Waits.value(RecordBatchStream.create(store, StreamSpec.named("flights")));
      StreamWriter<RecordBatch> writer = stream.writerNow();
      Observation request = Observation.start("request", traces.registry);
      Waits.done(
          writer
              .write(Flux.range(0, 3).map(i -> Batches.counting(writer.allocator(), i, 1)))
              .contextWrite(context -> context.put("micrometer.observation", request)));
      request.stop();
      say(traces.span("request"));
      say(traces.span("write flights"));
      Waits.done(writer.onDrained());
    }
    ParentLines.say("closed");
  }

  private static void say(SpanData span) {
    ParentLines.say(
        "span " + span.getTraceId() + " " + span.getSpanId() + " " + span.getParentSpanId());
  }
}
