package io.vineyard.store;

/**
 * An object as it lies in the store: its metadata, and a lease on every blob below it.
 *
 * <p>Whoever receives it closes it.
 */
public interface StoredObject extends AutoCloseable {
  /** Returns the whole tree of metadata. */
  ObjectMeta meta();

  /**
   * Returns a blob of the tree; it is closed with this object, not by the caller.
   *
   * @throws VineyardException with {@link ErrorCode#OBJECT_NOT_EXISTS} if the tree has no such blob
   */
  Blob blob(ObjectId id);

  /** Returns all leases; any call but the first does nothing. */
  @Override
  void close();
}
