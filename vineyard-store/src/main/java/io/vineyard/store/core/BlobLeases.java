package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** How often a client has leased each blob. */
final class BlobLeases {
  private final Map<Long, Long> counts = new HashMap<>();

  void add(long blob) {
    counts.merge(blob, 1L, Long::sum);
  }

  void remove(long blob) {
    Long count = counts.get(blob);
    if (count == null) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR, "expected a blob leased before, got " + new ObjectId(blob));
    }
    if (count == 1) {
      counts.remove(blob);
    } else {
      counts.put(blob, count - 1);
    }
  }

  boolean contains(long blob) {
    return counts.containsKey(blob);
  }

  /** Calls for every blob with the number of its leases, and forgets them all. */
  void drain(BiConsumer<Long, Long> each) {
    Map<Long, Long> all = new HashMap<>(counts);
    counts.clear();
    all.forEach(each);
  }
}
