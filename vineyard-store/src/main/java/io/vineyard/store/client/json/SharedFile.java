package io.vineyard.store.client.json;

import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Segment;
import org.jspecify.annotations.Nullable;

/**
 * A file in which a server keeps blobs, mapped when that is needed.
 *
 * <p>Counted: the connection that brought it holds a reference, and so does everything that reads
 * or writes in it; the last one to go unmaps it. Thread-safe.
 */
final class SharedFile {
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
