package io.vineyard.store.arrow.vineyard;

/** Where bytes are that a message points at, for example those of a chunk. */
@FunctionalInterface
public interface BytesAccess {
  /** Takes offsets for addresses. */
  BytesAccess ADDRESSES = (offset, sizeBytes) -> offset;

  /**
   * Returns the address of bytes.
   *
   * @throws io.vineyard.store.VineyardException if they are not all there
   */
  long address(long offset, long sizeBytes);
}
