package io.vineyard.store.server.json;

import io.vineyard.store.core.Hosting;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.RingReader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The reading end of a stream, for clients of Vineyard's dialect, who read a chunk at a time. */
final class HostedReader {
  /** A chunk that is leased, until it is given back in one way or the other. */
  static final class Taken {
    private final Descriptor chunk;
    private final int slot;
    private final long position;
    private boolean isBack;

    Taken(Descriptor chunk, int slot, long position) {
      this.chunk = chunk;
      this.slot = slot;
      this.position = position;
    }

    Descriptor chunk() {
      return chunk;
    }

    int slot() {
      return slot;
    }

    private boolean giveBack() {
      boolean first = !isBack;
      isBack = true;
      return first;
    }
  }

  /** Others write in the ring as well, and must not keep the thread of the tables busy. */
  private static final int MOST_TRIES = 100;

  private final VineyardHost host;
  private final Hosting hosting;
  private final HostedRing ring;
  private final RingReader reader;
  private @Nullable ByteBuffer preamble;
  private Event.@Nullable StreamEnded end;
  private int held;
  private boolean looksAgain;
  private boolean left;
  private boolean over;

  HostedReader(VineyardHost host, HostedRing ring) {
    this.host = host;
    this.hosting = host.hosting();
    this.ring = ring;
    this.reader = new RingReader(ring.ring, ring.epoch);
  }

  long handle() {
    return ring.handle;
  }

  /**
   * Leases the next chunk; null if there is none now, and then the reader is woken.
   *
   * @throws io.vineyard.store.VineyardException if the ring is damaged
   */
  @Nullable Taken next() {
    looksAgain = false;
    for (int i = 0; i < MOST_TRIES && !left; i++) {
      int found = reader.peek();
      if (found == RingReader.NONE) {
        if (reader.sleep()) {
          wakeWriter(true);
          return null;
        }
      } else if (reader.hasPreamble() && preamble == null && end == null) {
        return null; // comes by an event
      } else {
        Descriptor chunk = reader.read(found);
        if (end == null && !isKnown(chunk)) {
          return null; // the store is about to tell of its segments
        }
        Taken taken = new Taken(chunk, found, reader.position());
        if (reader.lease(found)) {
          held++;
          return taken;
        }
      }
    }
    looksAgain = true;
    host.lookAgain(ring.handle);
    return null;
  }

  private boolean isKnown(Descriptor chunk) {
    for (long segment : chunk.segments()) {
      if (!hosting.knowsSegment(segment)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether {@link #next} has found nothing yet, and there may be a chunk. */
  boolean looksAgain() {
    return looksAgain;
  }

  /** Releases a chunk, unless it was put back. */
  void release(Taken taken) {
    if (!taken.giveBack()) {
      return;
    }
    if (!over && reader.release(taken.slot, taken.position)) {
      wakeWriter(true);
    }
    endHold();
  }

  /** Leaves a chunk to the next reader, unless it was released. */
  void putBack(Taken taken) {
    if (!taken.giveBack()) {
      return;
    }
    if (!left) {
      reader.putBack(taken.slot, taken.position);
    }
    endHold(); // once this end is settled, the store gives back what it has leased
  }

  private void endHold() {
    held--;
    if (left && held == 0 && !over) {
      shut();
      hosting.settleReader(ring.handle);
    }
  }

  private void wakeWriter(boolean idle) {
    if (reader.wakesWriter(idle)) {
      hosting.wakeWriter(ring.handle);
    }
  }

  void returned() {
    reader.findReturned();
  }

  void preamble(ByteBuffer bytes) {
    preamble = bytes;
  }

  @Nullable ByteBuffer preamble() {
    return preamble == null ? null : preamble.duplicate();
  }

  void ended(Event.StreamEnded event) {
    end = event;
  }

  /** Returns how the stream has ended, of which there may still be chunks; null if it has not. */
  Event.@Nullable StreamEnded end() {
    return end;
  }

  /** Leaves. What is held stays leased until it is released. */
  void close() {
    if (!left && !over) {
      left = true;
      hosting.closeReader(ring.handle, held == 0);
      if (held == 0) {
        shut();
      }
    }
  }

  /** Lets go of the ring. */
  void shut() {
    if (!over) {
      over = true;
      left = true;
      ring.close();
    }
  }
}
