package io.vineyard.store.server.json;

import io.vineyard.store.core.Hosting;
import io.vineyard.store.message.Event;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.RingReader;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The reading end of a stream, for clients of Vineyard's dialect, who read a chunk at a time. */
final class HostedReader {
  /** A chunk that is leased. */
  record Taken(Descriptor chunk, int slot, long position) {}

  private final Hosting hosting;
  private final HostedRing ring;
  private final RingReader reader;
  private @Nullable ByteBuffer preamble;
  private Event.@Nullable StreamEnded end;
  private boolean closed;

  HostedReader(Hosting hosting, HostedRing ring) {
    this.hosting = hosting;
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
    while (!closed) {
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
        Taken taken = new Taken(chunk, found, reader.position());
        if (reader.lease(found)) {
          return taken;
        }
      }
    }
    return null;
  }

  /** Releases a chunk; does nothing if this end is closed, and the chunk is somebody else's. */
  void release(Taken taken) {
    if (!closed && reader.release(taken.slot, taken.position)) {
      wakeWriter(true);
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

  /** Leaves: what is being read goes to the next reader. */
  void close() {
    if (!closed) {
      closed = true;
      hosting.loseReader(ring.handle);
      ring.close();
    }
  }
}
