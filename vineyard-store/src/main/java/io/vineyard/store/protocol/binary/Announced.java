package io.vineyard.store.protocol.binary;

/** Something whose descriptor comes on the second connection, in the order of announcements. */
public sealed interface Announced permits SegmentAnnounced, RingAnnounced {
  /** Returns the capacity of what the descriptor stands for. */
  long capacityBytes();
}
