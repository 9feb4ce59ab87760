package io.vineyard.store.attach;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.StoredObject;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Tracking;
import java.lang.ref.Cleaner;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An object with leases on its blobs, which are returned together. */
public final class LeasedBlobs implements StoredObject {
  private static final Logger log = LoggerFactory.getLogger(LeasedBlobs.class);
  private static final Cleaner CLEANER = Cleaner.create();

  /** Where it was asked for, in words, and as a test kit wants it. */
  public record Asked(String takenAt, @Nullable Object place) {
    /** Returns the line of a user's program that asks now. */
    public static Asked here() {
      return new Asked(CallSite.find(), Tracking.here());
    }
  }

  /** A blob of the object, and where it can be read. */
  public record Part(ObjectId id, long address, long sizeBytes) {}

  /** What is returned once; must not reach the object itself. */
  private record Leases(Runnable giveBack, String name, String takenAt, AtomicBoolean over)
      implements Runnable {
    void end() {
      if (over.compareAndSet(false, true)) {
        Tracking.returned(this);
        giveBack.run();
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

  /**
   * Makes an object.
   *
   * @param giveBack returns its leases; must not reach the object
   * @param store where it is, in words
   */
  public LeasedBlobs(
      ObjectMeta meta, List<Part> parts, Runnable giveBack, String store, Asked asked) {
    this.meta = meta;
    this.leases = new Leases(giveBack, meta.toString(), asked.takenAt(), new AtomicBoolean());
    parts.forEach(this::add);
    add(new Part(ObjectId.EMPTY_BLOB, 0, 0));
    CLEANER.register(this, leases);
    if (Tracking.isOn()) {
      Tracking.taken(leases, this, store, asked.place());
    }
  }

  private void add(Part part) {
    blobs.put(part.id(), new BlobView(this, part));
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
