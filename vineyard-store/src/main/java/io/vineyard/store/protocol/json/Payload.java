package io.vineyard.store.protocol.json;

import io.vineyard.store.ObjectId;

/**
 * Where a blob lies.
 *
 * @param blob its id
 * @param file the number that stands for the file it lies in, the same for as long as a connection
 *     lives; -1 for an empty blob
 * @param offset where it begins in the file, in bytes
 * @param sizeBytes how long it is
 * @param mapBytes how much of the file can be mapped, and {@link #GAP_BYTES} more; 0 for an empty
 *     blob
 * @param isSealed whether it is sealed
 */
public record Payload(
    ObjectId blob, int file, long offset, long sizeBytes, long mapBytes, boolean isSealed) {
  /** Vineyard's files are this much longer than what a client maps. */
  public static final long GAP_BYTES = 8;

  /** The payload of every blob without bytes. */
  public static final Payload EMPTY = new Payload(ObjectId.EMPTY_BLOB, -1, 0, 0, 0, false);
}
