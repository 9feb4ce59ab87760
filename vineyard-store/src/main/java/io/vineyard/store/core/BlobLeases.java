package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/** How often a client has leased each blob. */
final class BlobLeases {
  private final Map<Long, Integer> counts = new HashMap<>();

  void add(long blob) {
    counts.merge(blob, 1, Integer::sum);
  }

  void remove(long blob) {
    Integer count = counts.get(blob);
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

  long total() {
    long total = 0;
    for (int count : counts.values()) {
      total += count;
    }
    return total;
  }

  /** Calls for every lease, and forgets them all. */
  void drain(LongConsumer each) {
    Map<Long, Integer> all = new HashMap<>(counts);
    counts.clear();
    all.forEach(
        (blob, count) -> {
          for (int i = 0; i < count; i++) {
            each.accept(blob);
          }
        });
  }
}
