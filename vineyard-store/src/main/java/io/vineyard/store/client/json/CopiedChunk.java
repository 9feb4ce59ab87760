package io.vineyard.store.client.json;

import io.vineyard.store.Chunk;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectMeta;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.vineyard.ObjectChunkHeader;
import io.vineyard.store.memory.Tracking;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A chunk that was copied out of the server, which deletes it when the next one is asked for. */
final class CopiedChunk implements Chunk {
  private static final Logger log = LoggerFactory.getLogger(CopiedChunk.class);
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int BYTES_HEADER = 16;

  /** What is returned once; must not reach the chunk itself. */
  private record Lease(SharedMemory.Allocation memory, String words, AtomicBoolean over)
      implements Runnable {
    boolean end() {
      boolean first = over.compareAndSet(false, true);
      if (first) {
        Tracking.returned(this);
        memory.free();
      }
      return first;
    }

    @Override
    public void run() {
      if (!over.get()) {
        Tracking.lost(this);
        log.warn("A chunk was never closed: {}", words);
        end();
      }
    }
  }

  /** Whose chunk it is. */
  record Origin(long position, String stream, String openedAt) {}

  private final Origin origin;
  private final Lease lease;
  private final ByteBuffer header;
  private final long dataBytes;
  private final @Nullable OwnChunk own;
  private Cleaner.@Nullable Cleanable cleanable;

  private CopiedChunk(
      Origin origin,
      SharedMemory.Allocation memory,
      ByteBuffer header,
      long dataBytes,
      @Nullable OwnChunk own) {
    this.origin = origin;
    this.header = header;
    this.dataBytes = dataBytes;
    this.own = own;
    String words =
        "position %d of %s, taken by the reader opened at %s"
            .formatted(origin.position(), origin.stream(), origin.openedAt());
    this.lease = new Lease(memory, words, new AtomicBoolean());
  }

  /**
   * Copies a chunk.
   *
   * @param tree the object, or the blob if it is only one
   */
  static CopiedChunk of(
      Origin origin,
      String typeName,
      ObjectMeta tree,
      List<Sharing.BlobLease> blobs,
      ProcessMemory memory) {
    long sizeBytes = 0;
    for (Sharing.BlobLease blob : blobs) {
      sizeBytes += aligned(blob.sizeBytes());
    }
    SharedMemory.Allocation copy = memory.take(sizeBytes);
    try {
      List<ObjectChunkHeader.BlobPart> parts = copyTo(copy.address(), blobs);
      return of(origin, typeName, tree, parts, copy);
    } catch (RuntimeException e) {
      copy.free();
      throw e;
    }
  }

  private static long aligned(long bytes) {
    final int alignment = 64;
    return (bytes + alignment - 1) & -alignment;
  }

  private static List<ObjectChunkHeader.BlobPart> copyTo(
      long address, List<Sharing.BlobLease> blobs) {
    List<ObjectChunkHeader.BlobPart> parts = new ArrayList<>();
    long at = 0;
    for (Sharing.BlobLease blob : blobs) {
      ProcessMemory.copy(blob.address(), address + at, blob.sizeBytes());
      parts.add(new ObjectChunkHeader.BlobPart(blob.id(), at, blob.sizeBytes()));
      at += aligned(blob.sizeBytes());
    }
    return parts;
  }

  private static CopiedChunk of(
      Origin origin,
      String typeName,
      ObjectMeta tree,
      List<ObjectChunkHeader.BlobPart> parts,
      SharedMemory.Allocation copy) {
    long size = parts.stream().mapToLong(ObjectChunkHeader.BlobPart::sizeBytes).sum();
    boolean isBlob = tree.typeName().equals(ObjectMeta.BLOB);
    if (isBlob && typeName.equals(StreamSpec.BYTES)) {
      ByteBuffer header = ByteBuffer.allocate(BYTES_HEADER).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(0, 0).putLong(Long.BYTES, size);
      return new CopiedChunk(origin, copy, header, size, null);
    }
    if (isBlob && OwnChunk.is(copy.address(), size)) {
      OwnChunk own = OwnChunk.read(copy.address(), size);
      return new CopiedChunk(origin, copy, own.header(), own.dataBytes(), own);
    }
    // The header is valid until the next is made.
    ByteBuffer encoded = ObjectChunkHeader.encode(tree, parts);
    ByteBuffer header = ByteBuffer.allocate(encoded.remaining()).put(encoded).flip();
    return new CopiedChunk(origin, copy, header, size, null);
  }

  /** Returns what the writer has set before the first chunk, if it came with this one. */
  @Nullable ByteBuffer preamble() {
    return own == null ? null : own.preamble();
  }

  /** Has the memory freed if whoever gets the chunk now loses it; before anybody does. */
  CopiedChunk watched(String store, Object reader) {
    cleanable = CLEANER.register(this, lease);
    if (Tracking.isOn()) {
      Tracking.taken(lease, this, store, reader);
    }
    return this;
  }

  /** Returns whether it may be handed out again as if it had not been. */
  boolean isOpen() {
    return !lease.over.get();
  }

  @Override
  public long position() {
    return origin.position();
  }

  @Override
  public ByteBuffer header() {
    return header.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public long dataBytes() {
    return dataBytes;
  }

  @Override
  public long address(long offset, long sizeBytes) {
    if (lease.over.get()) {
      throw VineyardException.of(
          ErrorCode.ALREADY_STOPPED,
          "expected an open chunk, position " + origin.position() + " is closed");
    }
    long size = lease.memory.sizeBytes();
    boolean inside = offset >= 0 && sizeBytes >= 0 && sizeBytes <= size - offset;
    long at = own == null ? (inside ? offset : -1) : own.find(offset, sizeBytes);
    if (at < 0 && sizeBytes != 0) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected bytes within chunk %d, got %d at %d"
              .formatted(origin.position(), sizeBytes, offset));
    }
    return lease.memory.address() + Math.max(0, at);
  }

  @Override
  public void close() {
    if (lease.end() && cleanable != null) {
      cleanable.clean();
    }
  }
}
