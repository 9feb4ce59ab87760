package io.vineyard.store.client.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import io.vineyard.store.protocol.json.Payload;
import io.vineyard.store.protocol.json.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Who has what of a client: files, blobs, and the connection itself. */
final class Sharing {
  private Sharing() {}

  /** Counts who needs something; whoever makes it is the first, and the last to go ends it. */
  static final class Holders {
    private final AtomicInteger count = new AtomicInteger(1);
    private final Runnable end;

    Holders(Runnable end) {
      this.end = end;
    }

    void add() {
      count.incrementAndGet();
    }

    void remove() {
      if (count.decrementAndGet() == 0) {
        end.run();
      }
    }
  }

  /**
   * How often this client has each blob. The server counts a connection once, however often it
   * asks, and moves only blobs out of memory that no connection has. Thread-safe.
   */
  static final class References {
    private final RequestConnection connection;
    private final boolean isCounted;
    private final Map<ObjectId, Integer> counts = new HashMap<>();

    /**
     * Makes the count of a connection.
     *
     * @param counts whether what is had is ever returned, before the end of the connection
     */
    References(RequestConnection connection, boolean counts) {
      this.connection = connection;
      this.isCounted = counts;
    }

    /** Counts blobs before they are asked for. */
    synchronized void add(List<ObjectId> blobs) {
      if (isCounted) {
        blobs.forEach(blob -> counts.merge(blob, 1, Integer::sum));
      }
    }

    /** Returns blobs; the server hears of those that nobody here has any more. */
    synchronized void remove(List<ObjectId> blobs) {
      if (!isCounted) {
        return;
      }
      for (ObjectId blob : blobs) {
        Integer left = counts.computeIfPresent(blob, (id, count) -> count == 1 ? null : count - 1);
        if (left == null) {
          // That the blob is gone is no error; that the connection is gone returns everything.
          connection.ask(new Request.Release(blob), reply -> true);
        }
      }
    }
  }

  /**
   * A blob that can be read where it lies.
   *
   * @param address where it begins; 0 if it is empty
   * @param file holds a reference for it; null if it is empty
   */
  record BlobLease(ObjectId id, long address, long sizeBytes, @Nullable SharedFile file) {
    /** Leases a blob of a reply. */
    static BlobLease of(Payload blob, FileTable files) {
      if (blob.sizeBytes() == 0) {
        return new BlobLease(blob.blob(), 0, 0, null);
      }
      SharedFile file = files.of(blob);
      long address = file.retainReadable(blob.offset(), blob.sizeBytes());
      return new BlobLease(blob.blob(), address, blob.sizeBytes(), file);
    }

    void release() {
      if (file != null) {
        file.release();
      }
    }
  }

  /**
   * A file in which a server keeps blobs, mapped when that is needed.
   *
   * <p>Counted: the connection that brought it holds a reference, and so does everything that reads
   * or writes in it; the last one to go unmaps it. Thread-safe.
   */
  static final class SharedFile {
    private final Segment file;

    // Guarded by this.
    private int references = 1;
    private @Nullable Mapping readable;
    private @Nullable Mapping writable;

    SharedFile(Segment file) {
      this.file = file;
    }

    /** Returns the address of a part, for reading only, and adds a reference. */
    synchronized long retainReadable(long offset, long sizeBytes) {
      Mapping mapping = readable;
      if (mapping == null) {
        mapping = file.map(Segment.Access.READ_ONLY);
        readable = mapping;
      }
      return retain(mapping, offset, sizeBytes);
    }

    /** Returns the address of a part that may be written, and adds a reference. */
    synchronized long retainWritable(long offset, long sizeBytes) {
      Mapping mapping = writable;
      if (mapping == null) {
        mapping = file.map(Segment.Access.READ_WRITE);
        writable = mapping;
      }
      return retain(mapping, offset, sizeBytes);
    }

    private long retain(Mapping mapping, long offset, long sizeBytes) {
      long address = mapping.address(offset, sizeBytes);
      references++;
      return address;
    }

    synchronized void release() {
      assert references > 0 : "the file is unmapped";
      references--;
      if (references == 0) {
        close(readable);
        close(writable);
        file.close();
      }
    }

    private static void close(@Nullable Mapping mapping) throws VineyardException {
      if (mapping != null) {
        mapping.close();
      }
    }
  }
}
