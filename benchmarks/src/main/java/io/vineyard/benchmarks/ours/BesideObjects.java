package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import java.time.Duration;
import reactor.core.publisher.Flux;

/** Objects that lie in the store while streams run. */
final class BesideObjects {
  private static final int AT_ONCE = 512;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private BesideObjects() {}

  /** Creates objects until there are so many. */
  static Line create(ObjectStore store, long count) {
    int missing = (int) count - store.status().block(PATIENCE).objects();
    ObjectMeta meta = ObjectMeta.builder("bench::Beside").field("n", 1).build();
    long created =
        Flux.range(0, Math.max(0, missing))
            .flatMap(i -> store.createObject(meta), AT_ONCE)
            .count()
            .block(PATIENCE);
    return Line.of(EndLoop.DONE).with("created", created);
  }
}
