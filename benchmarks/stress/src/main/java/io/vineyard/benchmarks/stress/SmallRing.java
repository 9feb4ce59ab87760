package io.vineyard.benchmarks.stress;

import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingAudit;
import io.vineyard.store.ring.RingLayout;
import io.vineyard.store.ring.RingReader;
import io.vineyard.store.ring.RingWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A ring of two slots with both of its sides, as a test begins with it. */
final class SmallRing {
  private static final int SLOTS = 2;
  private static final RingLayout LAYOUT = RingLayout.of(SLOTS);

  final Ring ring =
      Ring.create(
          LAYOUT, ByteBuffer.allocateDirect(LAYOUT.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN));
  final RingWriter writer = new RingWriter(ring);
  final RingReader reader = new RingReader(ring, 1);
  final RingAudit audit = new RingAudit(ring);

  /** Publishes a chunk whose parts all say the same number. */
  void publish(int number) {
    ByteBuffer header = ByteBuffer.allocate(Integer.BYTES).putInt(0, number);
    writer.publish(Descriptor.of(number, new long[] {number}, header));
  }

  /** Returns the number of the next chunk; 0 if there is none, -1 if its parts differ. */
  int next() {
    int slot = reader.peek();
    if (slot == RingReader.NONE) {
      return 0;
    }
    Descriptor found = reader.read(slot);
    ByteBuffer header = found.header();
    int number = (int) found.dataBytes();
    boolean whole =
        header != null
            && header.remaining() == Integer.BYTES
            && header.getInt(0) == number
            && found.segments().length == 1
            && found.segments()[0] == number;
    return whole ? number : -1;
  }

  /** Leases the next chunk; returns its slot. */
  int lease() {
    int slot = reader.peek();
    if (slot == RingReader.NONE || !reader.lease(slot)) {
      throw new IllegalStateException("expected a chunk to lease");
    }
    return slot;
  }

  /** Takes back what was released; returns how many chunks. */
  int reclaim() {
    int before = writer.outstanding();
    writer.reclaim(slot -> {});
    return before - writer.outstanding();
  }
}
