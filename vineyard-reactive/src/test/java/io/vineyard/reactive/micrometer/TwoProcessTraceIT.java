package io.vineyard.reactive.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.sdk.trace.data.SpanData;
import io.vineyard.reactive.Batches;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.Waits;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One trace of a writer in one process and a reader in another. */
class TwoProcessTraceIT {
  @TempDir Path folder;

  @Test
  void traceSpansBothProcesses() {
    Path socket = folder.resolve("store.sock");
    Traces traces = new Traces();
    BoundServer server = VineyardServer.create().socket(socket).capacity(64 << 20).bindNow();
    try (ObjectStore store = server.connectNow();
        ChildJvm child = ChildJvm.start(TracePeer.class, socket)) {
      VineyardObservations.of(traces.registry).observe(store);
      List<Long> sums =
          RecordBatchStream.open(store, "flights", ChildJvm.PATIENCE)
              .flatMapMany(stream -> stream.reader(Batches::sum))
              .collectList()
              .block(ChildJvm.PATIENCE);
      assertThat(sums).containsExactly(0L, 1L, 2L);
      String[] request = child.expect("span").split(" ", 3);
      String[] written = child.expect("span").split(" ", 3);
      SpanData read = traces.span("read flights");
      assertThat(List.of(written[0], read.getTraceId())).containsOnly(request[0]);
      assertThat(written[2]).isEqualTo(request[1]);
      assertThat(read.getParentSpanId()).isEqualTo(written[1]);
      child.expect("closed");
      assertThat(child.awaitExit()).isZero();
      Waits.untilIdle(store);
    }
    server.disposeNow(Waits.PATIENCE);
  }
}
