package io.vineyard.store.attach;

import io.vineyard.store.Blob;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;

/** A blob of an object whose leases it shares. */
final class BlobView implements Blob {
  private final LeasedBlobs owner;
  private final ObjectId id;
  private final long address;
  private final long sizeBytes;

  BlobView(LeasedBlobs owner, ObjectId id, long address, long sizeBytes) {
    this.owner = owner;
    this.id = id;
    this.address = address;
    this.sizeBytes = sizeBytes;
  }

  @Override
  public ObjectId id() {
    return id;
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public long address() {
    if (owner.isClosed()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED, "expected an open blob, " + id + " is closed");
    }
    return address;
  }

  @Override
  public ByteBuffer view(long offset, int size) {
    checkPart(offset, size, sizeBytes);
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
