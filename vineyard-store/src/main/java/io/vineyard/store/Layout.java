package io.vineyard.store;

/**
 * How metadata and blobs make up a value.
 *
 * @param <T> the values
 */
public interface Layout<T> {
  /** Returns whether objects with this type name are of this layout. */
  boolean accepts(String typeName);

  /**
   * Makes the value in place over the object's blobs.
   *
   * <p>The value takes the object over, and closes it when it is closed itself; if this method
   * throws, it has closed the object.
   */
  T open(StoredObject object);
}
