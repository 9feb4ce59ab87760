package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.ObjectId;

/** Where the blobs of an object are, as long as whoever offers this holds them. */
@FunctionalInterface
public interface BlobBytes {
  /**
   * Returns where a blob is; not asked for the empty one.
   *
   * @throws io.vineyard.store.VineyardException if there is no such blob
   */
  Region find(ObjectId blob);
}
