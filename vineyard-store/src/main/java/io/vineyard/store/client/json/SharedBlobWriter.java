package io.vineyard.store.client.json;

import io.vineyard.store.BlobWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import io.vineyard.store.memory.Tracking;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A blob that is written where it lies in the server's file; nowhere, if it is empty. */
final class SharedBlobWriter implements BlobWriter {
  private final BlobRequests blobs;
  private final BlobRequests.@Nullable NewBlob blob;
  private final AtomicBoolean ended = new AtomicBoolean();

  SharedBlobWriter(BlobRequests blobs, BlobRequests.@Nullable NewBlob blob) {
    this.blobs = blobs;
    this.blob = blob;
  }

  /** Tells who has the writer now. */
  SharedBlobWriter tracked(String store, @Nullable Object place) {
    if (Tracking.isOn()) {
      Tracking.taken(this, this, store, place);
    }
    return this;
  }

  @Override
  public long sizeBytes() {
    return blob == null ? 0 : blob.sizeBytes();
  }

  @Override
  public long address() {
    if (ended.get()) {
      throw sealed();
    }
    return blob == null ? 0 : blob.address();
  }

  private static VineyardException sealed() {
    return VineyardException.of(
        ErrorCode.OBJECT_SEALED, "expected a blob being written, it was sealed or aborted");
  }

  @Override
  public ByteBuffer view(long offset, int sizeBytes) {
    LeasedObject.checkPart(offset, sizeBytes, sizeBytes());
    return Mapping.view(address() + offset, sizeBytes);
  }

  @Override
  public Mono<ObjectId> seal() {
    if (!ended.compareAndSet(false, true)) {
      return Mono.error(sealed());
    }
    Tracking.returned(this);
    return blob == null ? Mono.just(ObjectId.EMPTY_BLOB) : blobs.seal(blob);
  }

  @Override
  public void abort() {
    if (ended.compareAndSet(false, true)) {
      Tracking.returned(this);
      if (blob != null) {
        blobs.drop(blob);
      }
    }
  }
}
