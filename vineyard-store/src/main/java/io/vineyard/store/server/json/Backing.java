package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.BytesAccess;

/** What a client of our dialect has written, and of which blobs are made where it lies. */
interface Backing {
  /** Returns the segments that it lies in. */
  long[] segments();

  /**
   * Returns where the bytes are, for any thread, as long as the segments are kept.
   *
   * @throws VineyardException if they can't be mapped
   */
  BytesAccess bytes();

  /**
   * Makes a blob of a part of it, which keeps all of it.
   *
   * @throws VineyardException with {@link ErrorCode#ARROW_ERROR} if the part is not in it
   */
  ObjectId add(long offset, long sizeBytes);

  /** Returns the error for bytes that are not in it. */
  static VineyardException outside(long offset, long sizeBytes) {
    return VineyardException.of(
        ErrorCode.ARROW_ERROR,
        "expected bytes within a chunk or blob, got " + sizeBytes + " at " + offset);
  }
}
