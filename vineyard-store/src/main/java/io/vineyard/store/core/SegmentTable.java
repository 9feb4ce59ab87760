package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All segments of a store, and the account of their bytes.
 *
 * <p>A segment lives as long as a client writes in it or something lies in it. Its bytes are
 * accounted from the moment it is asked for.
 */
final class SegmentTable {
  private static final long PAGE_BYTES = 4096;

  private final StoreLimits limits;
  final SegmentSource source;
  private final Map<Long, SegmentEntry> segments = new HashMap<>();
  private long lastId;
  private long usedBytes;
  private long peakBytes;
  private boolean closed;

  /** Gives memory back that nobody needs; returns whether there was any. */
  BooleanSupplier onShortage = () -> false;

  /** Run when there is more memory than before. */
  Runnable onFreed = () -> {};

  SegmentTable(StoreLimits limits, SegmentSource source) {
    this.limits = limits;
    this.source = source;
  }

  long usedBytes() {
    return usedBytes;
  }

  long peakBytes() {
    return peakBytes;
  }

  int count() {
    return segments.size();
  }

  /** Makes a segment for a client to write in; answers the request now or later. */
  void lease(AttachedClient client, Command.LeaseSegment command) {
    if (command.leastBytes() < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected at least 1 byte, got " + command.leastBytes());
    }
    checkFree(command.leastBytes());
    long free = limits.capacityBytes() - usedBytes;
    long usual = Math.min(command.wantedBytes(), limits.segmentBytes());
    long wanted = Math.max(command.leastBytes(), usual);
    long capacity = Math.min(roundUp(wanted), free);
    reserve(capacity);
    client.pendingLease(command.request());
    source.create(
        capacity,
        (segment, failure) -> leased(client, command.request(), capacity, segment, failure));
  }

  private void checkFree(long bytes) {
    if (bytes > limits.capacityBytes() - usedBytes) {
      boolean unused = onShortage.getAsBoolean();
    }
    long free = limits.capacityBytes() - usedBytes;
    if (bytes > free) {
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "asked for "
              + bytes
              + " bytes, "
              + free
              + " of "
              + limits.capacityBytes()
              + " bytes are free");
    }
  }

  /** Accounts memory for something that is about to be made. */
  void reserve(long bytes) {
    checkFree(bytes);
    usedBytes += bytes;
    peakBytes = Math.max(peakBytes, usedBytes);
  }

  void unreserve(long bytes) {
    usedBytes -= bytes;
    onFreed.run();
  }

  private void leased(
      AttachedClient client,
      long request,
      long capacity,
      @Nullable Segment segment,
      @Nullable VineyardException failure) {
    boolean wanted = client.endLease(request);
    if (segment == null) {
      unreserve(capacity);
      if (wanted && failure != null) {
        client.fail(request, failure.code(), String.valueOf(failure.getMessage()));
      }
      return;
    }
    if (!wanted || closed) {
      segment.close();
      unreserve(capacity);
      return;
    }
    SegmentEntry entry = new SegmentEntry(++lastId, segment, client);
    segments.put(entry.id, entry);
    entry.knownTo.add(client);
    client.segments.add(entry);
    client.send(new Event.SegmentLeased(request, entry.id, segment.retain()));
  }

  private static long roundUp(long bytes) {
    return Math.max(PAGE_BYTES, (bytes + PAGE_BYTES - 1) & -PAGE_BYTES);
  }

  /** The writer has mapped its segment: from now on nobody else can map it for writing. */
  void sealWrites(AttachedClient client, long id) {
    SegmentEntry entry = written(client, id);
    if (!entry.sealed) {
      entry.segment.sealFutureWrites();
      entry.sealed = true;
    }
  }

  void giveBack(AttachedClient client, long id) {
    SegmentEntry entry = written(client, id);
    client.segments.remove(entry);
    entry.writer = null;
    closeIfUnused(entry);
  }

  /** Returns a segment that this client writes in, and has mapped if something is to lie in it. */
  SegmentEntry written(AttachedClient client, long id) {
    SegmentEntry entry = segments.get(id);
    if (entry == null || !entry.isWrittenBy(client)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a segment leased to " + client + ", got segment " + id);
    }
    return entry;
  }

  /** Returns a segment that this client writes in, and in which chunks can lie. */
  SegmentEntry mapped(AttachedClient client, long id) {
    SegmentEntry entry = written(client, id);
    if (!entry.sealed) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a segment that " + client + " has mapped, got segment " + id);
    }
    return entry;
  }

  @Nullable SegmentEntry find(long id) {
    return segments.get(id);
  }

  boolean isOpen(SegmentEntry entry) {
    return segments.get(entry.id) == entry;
  }

  void use(SegmentEntry entry) {
    entry.uses++;
  }

  void endUse(SegmentEntry entry) {
    assert entry.uses > 0 : "segment " + entry.id + " is not in use";
    entry.uses--;
    closeIfUnused(entry);
  }

  /** Tells a client of a segment, unless it knows it. */
  void share(AttachedClient client, SegmentEntry entry) {
    if (entry.knownTo.add(client)) {
      client.send(new Event.SegmentShared(entry.id, entry.segment.retain()));
    }
  }

  void detach(AttachedClient client) {
    for (SegmentEntry entry : client.segments) {
      entry.writer = null;
      closeIfUnused(entry);
    }
    client.segments.clear();
    for (SegmentEntry entry : segments.values()) {
      entry.knownTo.remove(client);
    }
  }

  private void closeIfUnused(SegmentEntry entry) {
    if (entry.writer == null && entry.uses == 0 && segments.remove(entry.id) != null) {
      for (AttachedClient client : entry.knownTo) {
        client.send(new Event.SegmentClosed(entry.id));
      }
      if (entry.watcher != null && !entry.knownTo.contains(entry.watcher)) {
        entry.watcher.send(new Event.SegmentClosed(entry.id));
      }
      entry.segment.close();
      unreserve(held(entry));
    }
  }

  /** Gives the pages of a segment without anything in it back to the system. */
  void empty(SegmentEntry entry) {
    if (!entry.emptied) {
      assert entry.uses == 0 : "segment " + entry.id + " is in use";
      entry.segment.discard();
      entry.emptied = true;
      unreserve(entry.segment.capacityBytes());
    }
  }

  /** Gives an emptied segment its pages again. */
  void refill(SegmentEntry entry, Hosting.Done done) {
    long capacity = entry.segment.capacityBytes();
    try {
      reserve(capacity);
    } catch (VineyardException e) {
      done.complete(e);
      return;
    }
    entry.emptied = false;
    source.refill(
        entry.segment.retain(),
        (segment, failure) -> {
          entry.segment.close();
          if (failure != null && !closed) {
            entry.emptied = true;
            unreserve(capacity);
          }
          done.complete(failure);
        });
  }

  private static long held(SegmentEntry entry) {
    return entry.emptied ? 0 : entry.segment.capacityBytes();
  }

  void close() {
    closed = true;
    Iterator<SegmentEntry> entries = segments.values().iterator();
    while (entries.hasNext()) {
      SegmentEntry entry = entries.next();
      usedBytes -= held(entry);
      entry.segment.close();
      entries.remove();
    }
  }
}
