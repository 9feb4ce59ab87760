package io.vineyard.store.core;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Event;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All sealed blobs. A deleted blob is invisible at once, and its memory goes back to the client
 * that wrote it when the last lease is returned.
 */
final class BlobTable {
  private final SegmentTable segments;
  private final TreeMap<Long, BlobEntry> blobs = new TreeMap<>();
  private long leases;

  /** Run when a blob was sealed. */
  Runnable onSealed = () -> {};

  BlobTable(SegmentTable segments) {
    this.segments = segments;
  }

  int count() {
    return blobs.size();
  }

  long leases() {
    return leases;
  }

  Iterable<BlobEntry> all() {
    return blobs.values();
  }

  BlobEntry seal(AttachedClient client, long id, long segmentId, long offset, long sizeBytes) {
    SegmentEntry segment = segments.written(client, segmentId);
    if (!segment.sealed || sizeBytes < 1 || !segment.contains(offset, sizeBytes)) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected a part of mapped segment "
              + segmentId
              + " of "
              + segment.segment.capacityBytes()
              + " bytes, got "
              + sizeBytes
              + " bytes at "
              + offset);
    }
    BlobEntry blob = new BlobEntry(id, segment, offset, sizeBytes, null);
    add(blob);
    return blob;
  }

  void add(BlobEntry blob) {
    blobs.put(blob.id, blob);
    segments.use(blob.segment);
    onSealed.run();
  }

  /** Returns a blob that is visible, null if there is none. */
  @Nullable BlobEntry find(long id) {
    BlobEntry blob = blobs.get(id);
    return blob == null || blob.deleted ? null : blob;
  }

  BlobEntry require(long id) {
    BlobEntry blob = find(id);
    if (blob == null) {
      throw VineyardException.of(
          ErrorCode.OBJECT_NOT_EXISTS, "expected a blob, there is no " + new ObjectId(id));
    }
    return blob;
  }

  BlobLocation lease(AttachedClient client, BlobEntry blob) {
    segments.share(client, blob.segment);
    client.blobLeases.add(blob.id);
    retain(blob);
    return new BlobLocation(blob.id, blob.segment.id, blob.offset, blob.sizeBytes);
  }

  void retain(BlobEntry blob) {
    blob.leases++;
    leases++;
  }

  void release(BlobEntry blob) {
    release(blob, 1);
  }

  private void release(BlobEntry blob, long count) {
    assert blob.leases >= count : "blob " + blob.id + " has " + blob.leases + " leases";
    blob.leases -= count;
    leases -= count;
    removeIfUnused(blob);
  }

  void release(long id, long count) {
    BlobEntry blob = blobs.get(id);
    if (blob != null) {
      release(blob, count);
    }
  }

  void delete(BlobEntry blob) {
    blob.deleted = true;
    removeIfUnused(blob);
  }

  private void removeIfUnused(BlobEntry blob) {
    if (blob.deleted && blob.leases == 0 && blobs.remove(blob.id) != null) {
      AttachedClient writer = blob.segment.writer;
      segments.endUse(blob.segment);
      if (blob.onGone != null) {
        blob.onGone.run();
      } else if (writer != null) {
        writer.send(new Event.BlobsReclaimed(blob.segment.id, new long[] {blob.offset}));
      }
    }
  }
}
