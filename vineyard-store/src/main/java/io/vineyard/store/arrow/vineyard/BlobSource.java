package io.vineyard.store.arrow.vineyard;

import org.apache.arrow.memory.util.MemoryUtil;

/** Bytes that are to become a blob, as long as what they come from is held. */
public sealed interface BlobSource {
  /** Returns how many bytes they are, 1 or more. */
  long sizeBytes();

  /** Writes the bytes to an address. */
  void writeTo(long address);

  /**
   * Bytes that are there already.
   *
   * @param offset where they are, as the message counts; in a chunk, as its offsets do
   */
  record InPlace(long offset, long sizeBytes, BytesAccess access) implements BlobSource {
    @Override
    public void writeTo(long address) {
      MemoryUtil.copyMemory(access.address(offset, sizeBytes), address, sizeBytes);
    }
  }

  /** Bytes that are made of others. */
  record Made(long sizeBytes, Writing writing) implements BlobSource {
    @Override
    public void writeTo(long address) {
      writing.writeTo(address);
    }
  }

  /** Writes bytes. */
  @FunctionalInterface
  interface Writing {
    /** Writes all of them to an address. */
    void writeTo(long address);
  }
}
