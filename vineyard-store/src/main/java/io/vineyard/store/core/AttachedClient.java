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

  /** Streams that are being made for it. */
  int pendingStreams;

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

  int waitingRequests() {
    return pendingLeases.size() + nameWaits.size() + pendingStreams;
  }

  int openEnds() {
    return writers.size() + readers.size();
  }

  @Override
  public String toString() {
    return name;
  }
}
