package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** One attached client: its name, where its events go, and everything that is accounted to it. */
public final class AttachedClient {
  private final StoreCore core;
  private final String name;
  private final EventSink sink;

  final Set<SegmentEntry> segments = new HashSet<>();
  final Map<Long, StreamLog> writers = new HashMap<>();
  final Map<Long, ReaderCursor> readers = new HashMap<>();
  final BlobLeases blobLeases = new BlobLeases();
  final Map<Long, String> nameWaits = new HashMap<>();
  private final Set<Long> pendingLeases = new HashSet<>();

  /** Ends of streams that are woken when the client is ready for it. */
  private final Set<Long> owedWakes = new HashSet<>();

  /** Requests for streams that are being made. */
  final Set<Long> pendingStreams = new HashSet<>();

  private boolean detached;

  AttachedClient(StoreCore core, String name, EventSink sink) {
    this.core = core;
    this.name = name;
    this.sink = sink;
  }

  /**
   * Carries out a command. A command that no well-behaved client sends detaches the client, and
   * nothing else happens.
   */
  public void handle(Command command) {
    if (!detached) {
      core.handle(this, command);
    }
  }

  /** Detaches the client: everything that is accounted to it comes back. */
  public void detach(VineyardException reason) {
    core.detach(this, reason);
  }

  /** The sink is ready again: its ends are woken that should have been meanwhile. */
  public void ready() {
    if (!detached && isReady()) {
      Set<Long> owed = new HashSet<>(owedWakes);
      owedWakes.clear();
      owed.forEach(this::wake);
    }
  }

  private boolean isReady() {
    return sink.isReady();
  }

  /** Wakes an end of a stream, once for all wakes that come while too much waits for the client. */
  void wake(long handle) {
    if (isReady()) {
      send(new Event.Wake(handle));
    } else if (writers.containsKey(handle) || readers.containsKey(handle)) {
      owedWakes.add(handle);
    }
  }

  /** Returns whether the client has been detached. */
  public boolean isDetached() {
    return detached;
  }

  void markDetached(VineyardException reason) {
    detached = true;
    sink.detached(reason);
  }

  void send(Event event) {
    if (!detached) {
      sink.send(event);
    } else if (event instanceof Event.SegmentLeased leased) {
      leased.segment().close();
    } else if (event instanceof Event.SegmentShared shared) {
      shared.segment().close();
    } else if (event instanceof Event.RingShared ring) {
      ring.segment().close();
    }
  }

  void done(long request, long value) {
    send(new Event.Done(request, value));
  }

  void fail(long request, ErrorCode code, String message) {
    send(new Event.Failed(request, code.number(), message));
  }

  void pendingLease(long request) {
    pendingLeases.add(request);
  }

  /** Ends the wait for a segment; says whether it is still wanted. */
  boolean endLease(long request) {
    return pendingLeases.remove(request) && !detached;
  }

  void cancelLease(long request) {
    pendingLeases.remove(request);
  }

  boolean isWaiting(long request) {
    return pendingLeases.contains(request)
        || nameWaits.containsKey(request)
        || pendingStreams.contains(request);
  }

  int waitingRequests() {
    return pendingLeases.size() + nameWaits.size() + pendingStreams.size();
  }

  int openEnds() {
    return writers.size() + readers.size();
  }

  @Override
  public String toString() {
    return name;
  }
}
