package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.Hosting;
import io.vineyard.store.ring.Descriptor;
import io.vineyard.store.ring.RingLayout;
import io.vineyard.store.ring.RingWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The writing end of a stream, for clients who may publish without regard to a window: what the
 * ring has no room for waits here. Its memory is in the store, which bounds it.
 */
final class HostedWriter {
  private static final int MOST_WAITING = 1 << 20;
  private static final int MOST_TRIES = 100;

  private final VineyardHost host;
  private final Hosting hosting;
  private final HostedRing ring;
  private final RingWriter writer;
  private final @Nullable Outgoing[] outstanding;
  private final Queue<Outgoing> waiting = new ArrayDeque<>();
  private final Set<Long> announced = new HashSet<>();
  private @Nullable VineyardException end;
  private boolean ending;
  private boolean ended;
  private boolean closed;

  HostedWriter(VineyardHost host, HostedRing ring) {
    this.host = host;
    this.hosting = host.hosting();
    this.ring = ring;
    this.writer = new RingWriter(ring.ring);
    this.outstanding = new Outgoing[ring.ring.layout().slots()];
  }

  long handle() {
    return ring.handle;
  }

  /** Returns how a chunk can be described whose form takes so many segments and bytes. */
  RingLayout layout() {
    return ring.ring.layout();
  }

  /** Returns what lies in a slot. */
  @Nullable ObjectId chunkIn(int slot) {
    Outgoing chunk = outstanding[slot];
    return chunk == null ? null : chunk.id();
  }

  void checkRoom() {
    if (waiting.size() >= MOST_WAITING) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "expected at most " + MOST_WAITING + " chunks that wait for a reader, got 1 more");
    }
  }

  /** Publishes a chunk, now or when there is room in the ring. */
  void publish(Outgoing chunk) {
    if (closed || ending) {
      chunk.reclaimed();
      return;
    }
    waiting.add(chunk);
    flush();
  }

  /** Publishes what may be ready by now. */
  void flush() {
    boolean wakes = publishReady();
    endIfLast();
    for (int i = 0; isAwake(); i++) {
      if (i == MOST_TRIES) {
        host.lookAgain(ring.handle); // others must have their turn
        break;
      }
      takeBack();
      wakes |= publishReady();
      endIfLast();
    }
    if (wakes && !closed) {
      hosting.wakeReader(ring.handle);
    }
  }

  /** Returns whether something was released; else the next release wakes this end. */
  private boolean isAwake() {
    return !closed && writer.outstanding() > 0 && !writer.sleep(1);
  }

  private boolean publishReady() {
    boolean wakes = false;
    while (!closed && isNextReady() && writer.outstanding() < outstanding.length) {
      Outgoing next = waiting.remove();
      Descriptor form = next.form();
      for (long segment : form.segments()) {
        if (announced.add(segment)) {
          hosting.useSegment(ring.handle, segment);
        }
      }
      int slot = writer.publish(form);
      outstanding[slot] = next;
      wakes |= writer.wakesReader();
    }
    return wakes;
  }

  private void endIfLast() {
    if (ending && !ended && !closed && waiting.isEmpty()) {
      ended = true;
      hosting.endStream(
          ring.handle,
          end == null ? 0 : end.code().number(),
          end == null ? "" : String.valueOf(end.getMessage()));
    }
    closeIfDrained();
  }

  private boolean isNextReady() {
    Outgoing next = waiting.peek();
    return next != null && next.isReady();
  }

  /** Ends the stream behind what waits: well without a reason. */
  void end(@Nullable VineyardException reason) {
    if (!ending) {
      ending = true;
      end = reason;
      flush();
    }
  }

  /** A reader has released something, or the stream was dropped. */
  void woken() {
    if (!closed) {
      reclaim();
    }
  }

  private void reclaim() {
    takeBack();
    flush();
  }

  private void takeBack() {
    List<Outgoing> found = new ArrayList<>();
    writer.reclaim(
        slot -> {
          Outgoing chunk = outstanding[slot];
          outstanding[slot] = null;
          if (chunk != null) {
            found.add(chunk);
          }
        });
    found.forEach(Outgoing::reclaimed);
  }

  /** The stream was dropped: nobody will read what waits. */
  void stopped() {
    ending = true;
    ended = true;
    List<Outgoing> dropped = List.copyOf(waiting);
    waiting.clear();
    dropped.forEach(Outgoing::reclaimed);
    if (!closed) {
      reclaim();
    }
  }

  /** There is no memory to describe a chunk: it and what comes after it are lost. */
  void broken(VineyardException reason) {
    List<Outgoing> lost = List.copyOf(waiting);
    waiting.clear();
    lost.forEach(Outgoing::reclaimed);
    ending = true;
    end = reason;
    flush();
  }

  boolean isEnding() {
    return ending;
  }

  private void closeIfDrained() {
    if (ended && !closed && writer.outstanding() == 0) {
      close();
      hosting.closeWriter(ring.handle);
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** Lets go of the ring. */
  void close() {
    if (!closed) {
      closed = true;
      ring.close();
      host.closed(this);
    }
  }
}
