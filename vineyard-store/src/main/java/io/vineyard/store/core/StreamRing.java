package io.vineyard.store.core;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingAudit;
import io.vineyard.store.ring.RingLayout;

/** The ring of a stream, as the store holds it. */
final class StreamRing implements AutoCloseable {
  private final Segment segment;
  private final Mapping mapping;
  private final RingAudit audit;

  private StreamRing(Segment segment, Mapping mapping, RingAudit audit) {
    this.segment = segment;
    this.mapping = mapping;
    this.audit = audit;
  }

  /** Makes an empty ring in a new segment, and takes that over, also if this fails. */
  static StreamRing create(RingLayout layout, Segment segment) {
    try {
      Mapping mapping = segment.map(Segment.Access.READ_WRITE);
      Ring ring =
          Ring.create(layout, Mapping.view(mapping.address(), (int) mapping.capacityBytes()));
      return new StreamRing(segment, mapping, new RingAudit(ring));
    } catch (RuntimeException e) {
      segment.close();
      throw e;
    }
  }

  RingAudit audit() {
    return audit;
  }

  /** Returns one more reference to the segment, for an end of the stream. */
  Segment share() {
    return segment.retain();
  }

  @Override
  public void close() {
    mapping.close();
    segment.close();
  }
}
