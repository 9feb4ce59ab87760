package io.vineyard.store.arrow;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.ReferenceManager;
import org.apache.arrow.memory.util.MemoryUtil;
import org.jspecify.annotations.Nullable;

/**
 * Bytes as chunks. The header, little-endian, says where they are:
 *
 * <pre>
 *  0                8                16
 * +----------------+----------------+
 * | offset         | size in bytes  |
 * +----------------+----------------+
 * </pre>
 *
 * <p>What comes after that is what the chunk carries for its reader.
 */
final class ByteCodec implements ChunkCodec<ByteChunk> {
  private static final int OFFSET_AT = 0;
  private static final int SIZE_AT = 8;
  private static final int HEADER_BYTES = 16;

  @Override
  public Encoder<ByteChunk> encoder(ChunkWriter writer) {
    return new ByteEncoder(writer);
  }

  @Override
  public Decoder<ByteChunk> decoder() {
    return ByteCodec::decode;
  }

  @Override
  public void close(ByteChunk element) {
    element.close();
  }

  @Override
  public long rows(ByteChunk element) {
    return 0;
  }

  @Override
  public @Nullable ByteBuffer carrier(Chunk chunk) {
    ByteBuffer header = chunk.header();
    checkSize(header);
    return header.remaining() == HEADER_BYTES
        ? null
        : header.slice(header.position() + HEADER_BYTES, header.remaining() - HEADER_BYTES);
  }

  private static void checkSize(ByteBuffer header) {
    int carried = header.remaining() - HEADER_BYTES;
    if (carried < 0 || carried > MOST_CARRIER_BYTES) {
      throw Malformed.of(
          "a header of %d bytes, and up to %d more".formatted(HEADER_BYTES, MOST_CARRIER_BYTES),
          header.remaining() + " bytes");
    }
  }

  private static ByteChunk decode(Chunk chunk, @Nullable ByteBuffer preamble) {
    ForeignMemory memory = new ForeignMemory(chunk::close);
    try {
      ByteBuffer header = chunk.header();
      checkSize(header);
      long size = header.getLong(header.position() + SIZE_AT);
      if (size == 0) {
        return ByteChunk.of(new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0));
      }
      long address = chunk.address(header.getLong(header.position() + OFFSET_AT), size);
      memory.retain();
      return ByteChunk.of(memory.view(address, size));
    } finally {
      memory.release();
    }
  }

  private static final class ByteEncoder implements Encoder<ByteChunk> {
    private final ChunkWriter writer;
    private Supplier<byte @Nullable []> carrier = () -> null;

    ByteEncoder(ChunkWriter writer) {
      this.writer = writer;
    }

    @Override
    public void carry(Supplier<byte @Nullable []> wanted) {
      carrier = wanted;
    }

    @Override
    public void check(ByteChunk element) {
      element.buffer();
    }

    @Override
    public @Nullable Encoded tryEncode(ByteChunk element) {
      ArrowBuf buffer = element.buffer();
      long size = element.sizeBytes();
      ChunkDraft draft = writer.draft();
      long offset = size == 0 ? 0 : draft.offsetOf(buffer.memoryAddress(), size);
      SharedMemory.Allocation copy = null;
      if (offset < 0) {
        if (!writer.hasRoom(size)) {
          return null;
        }
        copy = writer.memory().tryAllocate(size);
        if (copy == null) {
          return null;
        }
        MemoryUtil.copyMemory(buffer.memoryAddress(), copy.address(), size);
        offset = draft.offsetOf(copy.address(), size);
      }
      ByteBuffer header = header(offset, size);
      EncodedBytes encoded = EncodedBytes.of(draft, size, copy, buffer);
      draft.complete(header, size, encoded.release);
      return encoded;
    }

    private ByteBuffer header(long offset, long size) {
      byte[] carried = carrier.get();
      int more = carried == null ? 0 : carried.length;
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES + more).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(OFFSET_AT, offset).putLong(SIZE_AT, size);
      if (carried != null) {
        header.put(HEADER_BYTES, carried);
      }
      return header;
    }

    @Override
    public void close() {
      // nothing is kept
    }
  }

  private record EncodedBytes(ChunkDraft draft, long dataBytes, long copiedBytes, Runnable release)
      implements Encoded {
    static EncodedBytes of(
        ChunkDraft draft, long size, SharedMemory.@Nullable Allocation copy, ArrowBuf inPlace) {
      if (copy != null) {
        return new EncodedBytes(draft, size, copy.sizeBytes(), copy::free);
      }
      ReferenceManager owner = inPlace.getReferenceManager();
      owner.retain();
      return new EncodedBytes(draft, size, 0, owner::release);
    }

    @Override
    public void discard() {
      release.run();
    }
  }
}
