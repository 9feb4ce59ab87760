package io.vineyard.store.attach;

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

/** A blob that is written where it lies; nowhere, if it is empty. */
public final class MappedBlobWriter implements BlobWriter {
  /** Memory of a blob, which is sealed or freed once. */
  public interface Memory {
    /** Returns where it begins. */
    long address();

    /** Returns how many bytes the blob has. */
    long sizeBytes();

    /** Makes the blob of it, at once; the result is for its user. */
    Mono<ObjectId> seal();

    /** Gives it back. */
    void free();
  }

  private final @Nullable Memory memory;
  private final AtomicBoolean ended = new AtomicBoolean();

  /**
   * Makes a writer.
   *
   * @param memory null for a blob of 0 bytes
   */
  public MappedBlobWriter(@Nullable Memory memory) {
    this.memory = memory;
  }

  /** Tells who has the writer now. */
  public MappedBlobWriter tracked(String store, @Nullable Object place) {
    if (Tracking.isOn()) {
      Tracking.taken(this, this, store, place);
    }
    return this;
  }

  @Override
  public long sizeBytes() {
    return memory == null ? 0 : memory.sizeBytes();
  }

  @Override
  public long address() {
    if (ended.get()) {
      throw sealed();
    }
    return memory == null ? 0 : memory.address();
  }

  private static VineyardException sealed() {
    return VineyardException.of(
        ErrorCode.OBJECT_SEALED, "expected a blob being written, it was sealed or aborted");
  }

  @Override
  public ByteBuffer view(long offset, int sizeBytes) {
    BlobView.checkPart(offset, sizeBytes, sizeBytes());
    return Mapping.view(address() + offset, sizeBytes);
  }

  @Override
  public Mono<ObjectId> seal() {
    if (!ended.compareAndSet(false, true)) {
      return Mono.error(sealed());
    }
    Tracking.returned(this);
    return memory == null ? Mono.just(ObjectId.EMPTY_BLOB) : memory.seal();
  }

  @Override
  public void abort() {
    if (ended.compareAndSet(false, true)) {
      Tracking.returned(this);
      if (memory != null) {
        memory.free();
      }
    }
  }
}
