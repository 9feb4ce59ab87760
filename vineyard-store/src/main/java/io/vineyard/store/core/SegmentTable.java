package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.message.Command;
import io.vineyard.store.message.Event;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All segments of a store, and the account of their bytes.
 *
 * <p>A segment lives as long as a client writes in it or something lies in it. Its bytes are
 * accounted from the moment it is asked for. A segment without anything in it may be set aside, so
 * that its pages are spare: they count as free, and go when others need the memory.
 */
final class SegmentTable {
  private static final long PAGE_BYTES = 4096;

  private final StoreLimits limits;
  private final SegmentSource source;
  private final Map<Long, SegmentEntry> segments = new HashMap<>();
  private long lastId;
  private long usedBytes;
  private long spareBytes;
  private long peakBytes;
  private boolean closed;

  /** What goes when there is not enough otherwise. */
  Hosting.Unused unusedMemory = Hosting.Unused.NONE;

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

  /** Returns how many segments there are, not counting those that have no pages but spare ones. */
  int count() {
    return (int)
        segments.values().stream().filter(one -> one.pages == SegmentEntry.Pages.USED).count();
  }

  /** Makes a segment for a client to write in; answers the request now or later. */
  void lease(AttachedClient client, Command.LeaseSegment command) {
    if (command.leastBytes() < 1) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected at least 1 byte, got " + command.leastBytes());
    }
    long usual = Math.min(command.wantedBytes(), limits.segmentBytes());
    long wanted = roundUp(Math.max(command.leastBytes(), usual));
    checkFree(command.leastBytes());
    makeRoom(wanted);
    long capacity = Math.min(wanted, freeBytes());
    reserve(capacity);
    client.pendingLease(command.request());
    make(
        capacity,
        (segment, failure) -> leased(client, command.request(), capacity, segment, failure));
  }

  private long freeBytes() {
    return limits.capacityBytes() - usedBytes - spareBytes;
  }

  private void makeRoom(long bytes) {
    if (bytes > freeBytes()) {
      boolean unused = unusedMemory.giveBack(bytes - freeBytes());
    }
  }

  private void checkFree(long bytes) {
    long free = freeBytes() + unusedMemory.sizeBytes();
    if (bytes <= free) {
      makeRoom(bytes);
      free = freeBytes();
    }
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
    account(bytes);
  }

  private void account(long bytes) {
    usedBytes += bytes;
    peakBytes = Math.max(peakBytes, usedBytes);
  }

  void unreserve(long bytes) {
    usedBytes -= bytes;
    onFreed.run();
  }

  /**
   * Makes a segment whose bytes are reserved. If the machine has not got them, it is tried once
   * more without what nobody uses.
   */
  void make(long capacity, SegmentSource.Done done) {
    getPages(capacity, told -> source.create(capacity, told), done);
  }

  private void getPages(long bytes, Consumer<SegmentSource.Done> attempt, SegmentSource.Done done) {
    attempt.accept(
        (segment, failure) -> {
          boolean isShort = failure != null && failure.code() == ErrorCode.NOT_ENOUGH_MEMORY;
          if (isShort && !closed && unusedMemory.giveBack(bytes)) {
            attempt.accept(done);
          } else {
            done.complete(segment, failure);
          }
        });
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
      release(entry);
    }
  }

  private void release(SegmentEntry entry) {
    long bytes = entry.segment.capacityBytes();
    switch (entry.pages) {
      case USED -> unreserve(bytes);
      case SPARE -> spareBytes -= bytes;
      case NONE -> {}
    }
  }

  /** Makes the pages of a segment spare; not if anything lies in it, as the answer says. */
  boolean setAside(SegmentEntry entry) {
    if (entry.uses > 0) {
      return false;
    }
    if (entry.pages == SegmentEntry.Pages.USED) {
      entry.pages = SegmentEntry.Pages.SPARE;
      spareBytes += entry.segment.capacityBytes();
      unreserve(entry.segment.capacityBytes());
    }
    return true;
  }

  /** Gives the pages of a segment back to the system; says whether that was possible. */
  boolean empty(SegmentEntry entry) {
    if (entry.uses > 0) {
      return false;
    }
    if (entry.pages != SegmentEntry.Pages.NONE) {
      try {
        entry.segment.discard();
      } catch (VineyardException e) {
        return false;
      }
      release(entry);
      entry.pages = SegmentEntry.Pages.NONE;
    }
    return true;
  }

  /** Takes a segment that was set aside or emptied into use again. */
  void refill(SegmentEntry entry, Hosting.Done done) {
    long capacity = entry.segment.capacityBytes();
    if (entry.pages == SegmentEntry.Pages.SPARE) {
      entry.pages = SegmentEntry.Pages.USED;
      spareBytes -= capacity;
      account(capacity);
      done.complete(null);
      return;
    }
    try {
      reserve(capacity);
    } catch (VineyardException e) {
      done.complete(e);
      return;
    }
    entry.pages = SegmentEntry.Pages.USED;
    Segment filling = entry.segment.retain();
    getPages(
        capacity,
        told -> source.refill(filling, told),
        (segment, failure) -> {
          filling.close();
          if (failure != null && !closed) {
            entry.pages = SegmentEntry.Pages.NONE;
            unreserve(capacity);
          }
          done.complete(failure);
        });
  }

  void close() {
    closed = true;
    onFreed = () -> {};
    for (SegmentEntry entry : segments.values()) {
      release(entry);
      entry.segment.close();
    }
    segments.clear();
  }
}
