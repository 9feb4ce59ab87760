package io.vineyard.store.server.json;

import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Ring;

/** The ring of a stream that the host writes or reads. */
final class HostedRing implements AutoCloseable {
  final long handle;
  final int epoch;
  final Ring ring;
  private final Mapping mapping;

  /** Maps the ring of an event, and closes the event's segment. */
  HostedRing(Event.RingShared event) {
    this.handle = event.handle();
    this.epoch = event.epoch();
    try (Segment segment = event.segment()) {
      this.mapping = segment.map(Segment.Access.READ_WRITE);
      this.ring = Ring.open(Mapping.view(mapping.address(), (int) mapping.capacityBytes()));
    }
  }

  @Override
  public void close() {
    mapping.close();
  }
}
