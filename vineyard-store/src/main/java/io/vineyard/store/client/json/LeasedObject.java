package io.vineyard.store.client.json;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoredObject;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.CallSite;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Tracking;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An object with leases on its blobs, which are returned together. */
final class LeasedObject implements StoredObject {
  private static final Logger log = LoggerFactory.getLogger(LeasedObject.class);
  private static final Cleaner CLEANER = Cleaner.create();

  /** Where it was asked for, in words, and as a test kit wants it. */
  record Asked(String takenAt, @Nullable Object place) {
    static Asked here() {
      return new Asked(CallSite.find(), Tracking.here());
    }
  }

  /** What is returned once; must not reach the object itself. */
  private record Leases(
      List<Sharing.BlobLease> blobs,
      Sharing.References references,
      String name,
      String takenAt,
      AtomicBoolean over)
      implements Runnable {
    void end() {
      if (over.compareAndSet(false, true)) {
        Tracking.returned(this);
        blobs.forEach(Sharing.BlobLease::release);
        references.remove(blobs.stream().map(Sharing.BlobLease::id).toList());
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
  private final Map<ObjectId, Blob> views = new HashMap<>();
  private final Leases leases;

  /**
   * Makes an object.
   *
   * @param blobs leases that were counted in the references
   */
  LeasedObject(
      ObjectMeta meta,
      List<Sharing.BlobLease> blobs,
      Sharing.References references,
      String store,
      Asked asked) {
    this.meta = meta;
    AtomicBoolean over = new AtomicBoolean();
    this.leases = new Leases(blobs, references, meta.toString(), asked.takenAt(), over);
    blobs.forEach(blob -> views.put(blob.id(), new View(this, blob)));
    views.put(
        ObjectId.EMPTY_BLOB,
        new View(this, new Sharing.BlobLease(ObjectId.EMPTY_BLOB, 0, 0, null)));
    CLEANER.register(this, leases);
    if (Tracking.isOn()) {
      Tracking.taken(leases, this, store, asked.place());
    }
  }

  @Override
  public ObjectMeta meta() {
    return meta;
  }

  @Override
  public Blob blob(ObjectId id) {
    Blob blob = views.get(id);
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

  static void checkPart(long offset, int size, long whole) {
    if (offset < 0 || size < 0 || offset > whole - size) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a part of " + whole + " bytes, got " + size + " bytes at " + offset);
    }
  }

  /** A blob of an object. */
  private record View(LeasedObject owner, Sharing.BlobLease lease) implements Blob {
    @Override
    public ObjectId id() {
      return lease.id();
    }

    @Override
    public long sizeBytes() {
      return lease.sizeBytes();
    }

    @Override
    public long address() {
      if (owner.leases.over.get()) {
        throw VineyardException.of(
            ErrorCode.ALREADY_STOPPED, "expected an open blob, " + lease.id() + " is closed");
      }
      return lease.address();
    }

    @Override
    public ByteBuffer view(long offset, int size) {
      checkPart(offset, size, lease.sizeBytes());
      return Mapping.view(address() + offset, size).asReadOnlyBuffer();
    }

    @Override
    public void close() {
      owner.close();
    }
  }
}
