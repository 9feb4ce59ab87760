package io.vineyard.store.attach;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/**
 * Forbidden: a segment that is unmapped while somebody retains it, or mapped when nobody does; a
 * wait for a mapping that is not told.
 */
class SegmentCacheRaceTest {
  private static final int ROUNDS = 500;

  @Test
  void segmentIsMappedAsLongAsItIsRetained() {
    int segments = Segment.openCount();
    int mappings = Mapping.openCount();
    ExecutorService mapper = Executors.newSingleThreadExecutor();
    try (Race race = new Race()) {
      for (int i = 0; i < ROUNDS; i++) {
        SegmentCache cache = new SegmentCache(mapper);
        boolean leased = i % 2 == 0;
        race.run(
            () -> use(cache, leased),
            () -> read(cache),
            () -> {
              if (leased) {
                cache.close();
              } else {
                cache.closed(1);
              }
            });
        cache.close();
      }
      Waits.until("no more segments", () -> Segment.openCount() == segments);
      Waits.until("no more mappings", () -> Mapping.openCount() == mappings);
    } finally {
      mapper.shutdownNow();
    }
  }

  private static void use(SegmentCache cache, boolean leased) {
    Segment segment = Segment.create("test", 4096);
    if (!leased) {
      cache.share(1, segment, () -> {});
      return;
    }
    MappedSegment mapped = cache.lease(1, segment);
    Waits.until("an end of mapping", mapped::isSettled);
    if (mapped.failure() == null) {
      Mapping.view(mapped.address(0, 8), 8).putLong(0, 42);
    }
    mapped.release();
  }

  private static void read(SegmentCache cache) {
    MappedSegment[] retained;
    try {
      retained = cache.retain(1);
    } catch (VineyardException e) {
      return; // not there yet, or not any more
    }
    if (retained == null) {
      return;
    }
    Waits.until("an end of mapping", retained[0]::isSettled);
    assertThat(Mapping.view(retained[0].address(0, 8), 8).getLong(0)).isIn(0L, 42L);
    SegmentCache.release(retained, 1);
  }
}
