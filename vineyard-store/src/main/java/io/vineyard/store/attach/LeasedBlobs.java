package io.vineyard.store.attach;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoredObject;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Tracking;
import io.vineyard.store.message.BlobLocation;
import io.vineyard.store.message.Command;
import java.lang.ref.Cleaner;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An object with leases on its blobs, which are returned together. */
final class LeasedBlobs implements StoredObject {
  private static final Logger log = LoggerFactory.getLogger(LeasedBlobs.class);
  private static final Cleaner CLEANER = Cleaner.create();

  /** Where it was asked for, in words, and as a test kit wants it. */
  record Asked(String takenAt, @Nullable Object place) {}

  /** What is returned once; must not reach the object itself. */
  private record Leases(
      Link link,
      long[] ids,
      MappedSegment[] segments,
      String name,
      String takenAt,
      AtomicBoolean over)
      implements Runnable {
    void end() {
      if (over.compareAndSet(false, true)) {
        Tracking.returned(this);
        SegmentCache.release(segments, segments.length);
        if (ids.length > 0) {
          link.send(new Command.ReleaseBlobs(ids));
        }
      }
    }

    @Override
    public void run() {
      if (!over.get()) {
        Tracking.lost(this);
        log.warn("An object was never closed: {}, taken at {}", name, takenAt);
        end();
      }
    }
  }

  private final ObjectMeta meta;
  private final Map<ObjectId, Blob> blobs = new HashMap<>();
  private final Leases leases;

  LeasedBlobs(
      Link link,
      ObjectMeta meta,
      List<BlobLocation> locations,
      MappedSegment[] segments,
      Asked asked) {
    this.meta = meta;
    long[] ids = new long[locations.size()];
    AtomicBoolean over = new AtomicBoolean();
    this.leases = new Leases(link, ids, segments, meta.toString(), asked.takenAt(), over);
    for (int i = 0; i < ids.length; i++) {
      BlobLocation location = locations.get(i);
      ids[i] = location.blob();
      ObjectId id = new ObjectId(location.blob());
      long address = segments[i].address(location.offset(), location.sizeBytes());
      blobs.put(id, new BlobView(this, id, address, location.sizeBytes()));
    }
    blobs.put(ObjectId.EMPTY_BLOB, new BlobView(this, ObjectId.EMPTY_BLOB, 0, 0));
    CLEANER.register(this, leases);
    if (Tracking.isOn()) {
      Tracking.taken(leases, this, link.describe(), asked.place());
    }
  }

  boolean isClosed() {
    return leases.over.get();
  }

  @Override
  public ObjectMeta meta() {
    return meta;
  }

  @Override
  public Blob blob(ObjectId id) {
    Blob blob = blobs.get(id);
    if (blob == null) {
      throw VineyardException.of(
          ErrorCode.OBJECT_NOT_EXISTS, "expected a blob of " + meta + ", got " + id);
    }
    return blob;
  }

  @Override
  public void close() {
    leases.end();
  }
}
