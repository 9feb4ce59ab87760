package io.vineyard.store.arrow;

import io.vineyard.store.Chunk;
import io.vineyard.store.ChunkDraft;
import io.vineyard.store.ChunkWriter;
import io.vineyard.store.SharedMemory;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.Malformed;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  private static ByteChunk decode(Chunk chunk, @Nullable ByteBuffer preamble) {
    ForeignMemory memory = new ForeignMemory(chunk::close);
    try {
      ByteBuffer header = chunk.header();
      if (header.remaining() != HEADER_BYTES) {
        throw Malformed.of("a header of " + HEADER_BYTES + " bytes", header.remaining() + " bytes");
      }
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

  private record ByteEncoder(ChunkWriter writer) implements Encoder<ByteChunk> {
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
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(OFFSET_AT, offset).putLong(SIZE_AT, size);
      EncodedBytes encoded = EncodedBytes.of(draft, size, copy, buffer);
      draft.complete(header, size, encoded.release);
      return encoded;
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
