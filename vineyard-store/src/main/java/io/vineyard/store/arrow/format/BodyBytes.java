package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.flatbuf.BodyCompression;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * The body of an IPC message, in one piece of memory: buffers are views of it, or what comes out
 * when they are decompressed.
 */
public final class BodyBytes implements BatchLoader.Body {
  /** No codec makes more of one byte than these; what says so is malformed. */
  private static final long MOST_LZ4_EXPANSION = 255;

  private static final long MOST_ZSTD_EXPANSION = 1 << 16;

  private static final int PART_BYTES = 8 << 10;

  private final ForeignMemory memory;
  private final long address;
  private final long sizeBytes;
  private final BufferAllocator allocator;
  private final @Nullable CompressionCodec codec;
  private final long mostBytes;
  private long usedBytes;
  private long decompressedBytes;

  /** Makes the body of a message; holds no reference to the memory. */
  public BodyBytes(Message message, ForeignMemory memory, long address, long sizeBytes) {
    this(message, memory, memory.view(address, sizeBytes), Allocators.VIEWS, Long.MAX_VALUE);
  }

  /**
   * Makes the body of a message; holds no reference to the memory.
   *
   * @param bytes where the body is
   * @param allocator for what is decompressed
   * @param mostBytes how much may come out of it when it is decompressed
   */
  public BodyBytes(
      Message message,
      ForeignMemory memory,
      ArrowBuf bytes,
      BufferAllocator allocator,
      long mostBytes) {
    this.memory = memory;
    this.address = bytes.memoryAddress();
    this.sizeBytes = bytes.writerIndex();
    this.allocator = allocator;
    this.mostBytes = mostBytes;
    this.codec = codec(message);
  }

  private static @Nullable CompressionCodec codec(Message message) {
    RecordBatch batch = null;
    if (message.headerType() == MessageHeader.RecordBatch) {
      batch = (RecordBatch) message.header(new RecordBatch());
    } else if (message.headerType() == MessageHeader.DictionaryBatch) {
      DictionaryBatch dictionary = (DictionaryBatch) message.header(new DictionaryBatch());
      batch = dictionary == null ? null : dictionary.data();
    }
    BodyCompression compression = batch == null ? null : batch.compression();
    if (compression == null) {
      return null;
    }
    return CommonsCompressionFactory.INSTANCE.createCodec(
        CompressionUtil.CodecType.fromCompressionType(compression.codec()));
  }

  @Override
  public ArrowBuf buffer(long offset, long size) {
    if (offset > sizeBytes || size > sizeBytes - offset) {
      throw Malformed.of(
          "a buffer within a body of " + sizeBytes + " bytes", size + " bytes at " + offset);
    }
    // buffers of a body may overlap, so that few bytes describe many
    usedBytes += size;
    if (usedBytes > mostBytes) {
      throw Malformed.tooLarge("bytes of buffers of a batch", mostBytes, usedBytes);
    }
    ArrowBuf view = memory.view(address + offset, size);
    return codec == null ? view : decompressed(codec, view);
  }

  private ArrowBuf decompressed(CompressionCodec used, ArrowBuf view) {
    long size = view.capacity();
    long expected = size < Long.BYTES ? -2 : view.getLong(0);
    boolean isLz4 = used.getCodecType() == CompressionUtil.CodecType.LZ4_FRAME;
    if (expected < CompressionUtil.NO_COMPRESSION_LENGTH
        || expected > size * (isLz4 ? MOST_LZ4_EXPANSION : MOST_ZSTD_EXPANSION)) {
      throw Malformed.of("a compressed buffer", size + " bytes that begin with " + expected);
    }
    decompressedBytes += Math.max(0, expected);
    if (decompressedBytes > mostBytes) {
      throw Malformed.tooLarge("decompressed bytes of a batch", mostBytes, decompressedBytes);
    }
    ArrowBuf bytes = decompressed(used, view, expected);
    if (bytes.capacity() < expected) {
      long found = bytes.capacity();
      bytes.getReferenceManager().release();
      throw Malformed.of(expected + " bytes out of " + size + " compressed ones", "" + found);
    }
    return allocator == Allocators.VIEWS ? bytes : adopted(bytes);
  }

  /** Vectors are made with one allocator, and take buffers of another only as foreign memory. */
  private static ArrowBuf adopted(ArrowBuf bytes) {
    return new ForeignMemory(bytes.getReferenceManager()::release)
        .view(bytes.memoryAddress(), bytes.capacity());
  }

  private ArrowBuf decompressed(CompressionCodec used, ArrowBuf view, long expected) {
    memory.retain();
    try {
      boolean isBounded =
          used.getCodecType() == CompressionUtil.CodecType.LZ4_FRAME && expected >= 0;
      return isBounded ? unpackLz4(view, expected) : used.decompress(allocator, view);
    } catch (RuntimeException broken) {
      memory.release();
      throw Malformed.of("a compressed buffer of " + view.capacity() + " bytes", broken.toString());
    } catch (OutOfMemoryError full) {
      memory.release();
      throw VineyardException.of(
          ErrorCode.NOT_ENOUGH_MEMORY,
          "expected memory for " + expected + " bytes to be decompressed, got none",
          full);
    }
  }

  /** Unpacks what is expected and not a byte more, however much there is. */
  private ArrowBuf unpackLz4(ArrowBuf view, long expected) {
    ArrowBuf bytes = allocator.buffer(expected);
    try (InputStream packed = stream(view);
        InputStream unpacked = new FramedLZ4CompressorInputStream(packed, true)) {
      byte[] part = new byte[PART_BYTES];
      long at = 0;
      for (int count = unpacked.read(part); count >= 0; count = unpacked.read(part)) {
        if (count > expected - at) {
          throw new IOException("there are more than " + expected + " bytes");
        }
        bytes.setBytes(at, part, 0, count);
        at += count;
      }
      bytes.writerIndex(at);
      if (at < expected) {
        throw new IOException("there are only " + at + " of " + expected + " bytes");
      }
      memory.release(); // as codecs do with what they have unpacked
      return bytes;
    } catch (IOException | RuntimeException broken) {
      bytes.close();
      throw Malformed.of("a compressed buffer of " + view.capacity() + " bytes", "" + broken);
    }
  }

  private static InputStream stream(ArrowBuf view) {
    return new InputStream() {
      private long at = Long.BYTES; // after the length

      @Override
      public int read() {
        return at < view.capacity() ? view.getByte(at++) & 0xFF : -1;
      }

      @Override
      public int read(byte[] target, int offset, int size) {
        int count = (int) Math.min(size, view.capacity() - at);
        if (count <= 0) {
          return size == 0 ? 0 : -1;
        }
        view.getBytes(at, target, offset, count);
        at += count;
        return count;
      }
    };
  }

  @Override
  public void done(ArrowBuf buffer) {
    if (codec != null) {
      buffer.getReferenceManager().release();
    }
  }
}
