package io.vineyard.benchmarks.micro;

import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.Ring;
import io.vineyard.store.ring.RingLayout;
import io.vineyard.store.ring.RingReader;
import io.vineyard.store.ring.RingWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A chunk through the ring of a stream: published, read, leased, released and reclaimed. */
@State(Scope.Thread)
public class RingBenchmark {
  private static final int HEADER_BYTES = 256;
  private static final int WINDOW = 256;
  private static final long DATA_BYTES = 32 << 10;

  private final RingLayout layout = RingLayout.of(WINDOW);
  private final Ring ring =
      Ring.create(
          layout, ByteBuffer.allocateDirect(layout.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN));
  private final RingWriter writer = new RingWriter(ring);
  private final RingReader reader = new RingReader(ring, 1);
  private final Descriptor chunk =
      Descriptor.of(DATA_BYTES, new long[] {1}, ByteBuffer.allocate(HEADER_BYTES));

  /** Fills half of the window. */
  @Setup
  public void fill() {
    for (int i = 0; i < WINDOW / 2; i++) {
      writer.publish(chunk);
    }
  }

  /** Takes one chunk through. */
  @Benchmark
  public Object passChunk() {
    writer.publish(chunk);
    int slot = reader.peek();
    long position = reader.position();
    Descriptor found = reader.read(slot);
    reader.lease(slot);
    reader.release(slot, position);
    writer.reclaim(free -> {});
    return found;
  }
}
