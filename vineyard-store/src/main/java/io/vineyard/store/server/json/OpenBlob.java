package io.vineyard.store.server.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.protocol.json.Payload;
import org.jspecify.annotations.Nullable;

/** A blob that a client fills. */
final class OpenBlob {
  private final VineyardHost host;
  private final ObjectId id;
  private final HostedMemory.Range range;
  private long sizeBytes;
  private boolean over;

  /** The session that it goes with; null once it belongs to a stream. */
  @Nullable Session owner;

  OpenBlob(VineyardHost host, ObjectId id, HostedMemory.Range range, Session owner) {
    this.host = host;
    this.id = id;
    this.range = range;
    this.sizeBytes = range.sizeBytes();
    this.owner = owner;
  }

  ObjectId id() {
    return id;
  }

  HostedMemory.Range range() {
    return range;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /** Makes it shorter; the memory behind stays with it. */
  void shrink(long size) {
    sizeBytes = size;
  }

  Payload payload() {
    return new Payload(
        id,
        VineyardHost.fileOf(range.segment()),
        range.offset(),
        sizeBytes,
        range.slab().memory.capacityBytes() + Payload.GAP_BYTES,
        false);
  }

  /** Seals it; false if it was sealed or dropped before. */
  boolean seal() {
    if (over) {
      return false;
    }
    host.hosting().addBlob(id, range.segment(), range.offset(), sizeBytes, () -> host.free(range));
    end();
    return true;
  }

  /** Drops it. */
  void abort() {
    if (!over) {
      end();
      host.free(range);
    }
  }

  private void end() {
    over = true;
    host.closed(this);
  }
}
