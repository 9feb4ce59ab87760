package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/** Segments of other clients that the server reads in, mapped until they are closed. */
final class SegmentMaps {
  private final Hosting hosting;
  private final Map<Long, Mapping> mapped = new HashMap<>();

  SegmentMaps(Hosting hosting) {
    this.hosting = hosting;
  }

  /** Returns a segment, mapped; it stays so as long as something keeps the segment open. */
  Mapping get(long segment) {
    Mapping known = mapped.get(segment);
    if (known != null) {
      return known;
    }
    Segment memory = hosting.watchSegment(segment);
    if (memory == null) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR, "expected an open segment, got segment " + segment);
    }
    Mapping mapping = memory.mapLazily(Segment.Access.READ_ONLY);
    mapped.put(segment, mapping);
    return mapping;
  }

  /** A segment is closed. */
  void closed(long segment) {
    Mapping mapping = mapped.remove(segment);
    if (mapping != null) {
      mapping.close();
    }
  }

  void close() {
    new ArrayList<>(mapped.values()).forEach(Mapping::close);
    mapped.clear();
  }
}
