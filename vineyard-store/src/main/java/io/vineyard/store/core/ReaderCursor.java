package io.vineyard.store.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One reader of a stream: its credit, and the chunks that are leased to it. */
final class ReaderCursor {
  /** A leased chunk, and how many were delivered to this reader before it. */
  private record Lease(long index, ChunkEntry chunk) {}

  final StreamLog log;
  final AttachedClient client;
  final long handle;
  private final Map<Long, Lease> leased = new HashMap<>();
  private long delivered;
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
    leased.put(chunk.position(), new Lease(delivered++, chunk));
  }

  long delivered() {
    return delivered;
  }

  @Nullable ChunkEntry endLease(long position) {
    Lease lease = leased.remove(position);
    return lease == null ? null : lease.chunk;
  }

  int leases() {
    return leased.size();
  }

  /** Ends the leases of all chunks but the first so many that were delivered. */
  List<ChunkEntry> endLeasesAfter(long seen) {
    List<ChunkEntry> chunks = new ArrayList<>();
    leased
        .values()
        .removeIf(
            lease -> {
              boolean unseen = lease.index >= seen;
              if (unseen) {
                chunks.add(lease.chunk);
              }
              return unseen;
            });
    return chunks;
  }
}
