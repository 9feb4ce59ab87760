package io.vineyard.store.attach;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;

/** A blob of an object whose leases it shares. */
record BlobView(LeasedBlobs owner, LeasedBlobs.Part part) implements Blob {
  @Override
  public ObjectId id() {
    return part.id();
  }

  @Override
  public long sizeBytes() {
    return part.sizeBytes();
  }

  @Override
  public long address() {
    if (owner.isClosed()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open blob, " + id() + " is closed");
    }
    return part.address();
  }

  @Override
  public ByteBuffer view(long offset, int size) {
    checkPart(offset, size, sizeBytes());
    return Mapping.view(address() + offset, size).asReadOnlyBuffer();
  }

  static void checkPart(long offset, int size, long whole) {
    if (offset < 0 || size < 0 || offset > whole - size) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a part of " + whole + " bytes, got " + size + " bytes at " + offset);
    }
  }

  @Override
  public void close() {
    owner.close();
  }
}
