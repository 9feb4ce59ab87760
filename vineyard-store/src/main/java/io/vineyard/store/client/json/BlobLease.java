package io.vineyard.store.client.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.protocol.json.Payload;
import org.jspecify.annotations.Nullable;

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
