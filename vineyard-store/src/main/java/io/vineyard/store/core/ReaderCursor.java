package io.vineyard.store.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One reader of a stream: its credit, and the chunks that are leased to it. */
final class ReaderCursor {
  final StreamLog log;
  final AttachedClient client;
  final long handle;
  private final Map<Long, ChunkEntry> leased = new HashMap<>();
  private long credit;
  private boolean closed;
  private boolean endSent;

  ReaderCursor(StreamLog log, AttachedClient client, long handle) {
    this.log = log;
    this.client = client;
    this.handle = handle;
  }

  boolean isClosed() {
    return closed;
  }

  void close() {
    closed = true;
  }

  boolean isEndSent() {
    return endSent;
  }

  void markEndSent() {
    endSent = true;
  }

  boolean hasCredit() {
    return credit > 0;
  }

  void addCredit(long chunks) {
    long sum = credit + chunks;
    credit = sum < 0 ? Long.MAX_VALUE : sum;
  }

  void lease(ChunkEntry chunk) {
    if (credit != Long.MAX_VALUE) {
      credit--;
    }
    leased.put(chunk.position(), chunk);
  }

  @Nullable ChunkEntry endLease(long position) {
    return leased.remove(position);
  }

  int leases() {
    return leased.size();
  }

  List<ChunkEntry> endAllLeases() {
    List<ChunkEntry> chunks = new ArrayList<>(leased.values());
    leased.clear();
    return chunks;
  }
}
