package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.ObjectStore;
import java.time.Duration;
import reactor.core.publisher.Flux;

/** Objects that lie in the store while streams run. */
final class BesideObjects {
  private static final int OF_A_TREE = 10_000;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private BesideObjects() {}

  /** Returns objects that are created at once: one and its members. */
  private static ObjectMeta tree() {
    ObjectMeta.Builder tree = ObjectMeta.builder("bench::Beside");
    for (int i = 1; i < OF_A_TREE; i++) {
      tree.member("m" + i, ObjectMeta.builder("bench::Beside").field("n", i).build());
    }
    return tree.build();
  }

  /** Creates objects until there are so many. */
  static Line create(ObjectStore store, long count) {
    int missing = (int) count - store.status().block(PATIENCE).objects();
    ObjectMeta tree = tree();
    long created =
        Flux.range(0, Math.max(0, missing) / OF_A_TREE)
            .concatMap(i -> store.createObject(tree))
            .count()
            .block(PATIENCE);
    int objects = store.status().block(PATIENCE).objects();
    if (objects != count) {
      throw new IllegalStateException("expected %d objects, got %d".formatted(count, objects));
    }
    return Line.of(EndLoop.DONE).with("created", created);
  }
}
