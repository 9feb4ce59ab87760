package io.vineyard.store.attach;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.ring.Ring;

/**
 * The ring of a stream that an end was told of. Whoever uses it releases the memory in the end.
 *
 * @param memory where it is mapped, or why it is not
 * @param epoch the number of a reader
 */
record SharedRing(MappedSegment memory, int epoch) {
  /**
   * Opens the ring.
   *
   * @throws io.vineyard.store.VineyardException if it is not mapped, or no ring
   */
  Ring open() {
    return Ring.open(Mapping.view(memory.base(), (int) memory.capacityBytes()));
  }
}
