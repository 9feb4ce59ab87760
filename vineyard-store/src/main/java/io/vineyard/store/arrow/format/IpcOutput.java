package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.memory.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.ipc.message.ArrowBlock;
import org.jspecify.annotations.Nullable;

/**
 * Writes IPC messages to a channel: a continuation marker, the size of the metadata, the metadata,
 * the body. Bodies begin at multiples of 64 bytes, so that a mapped file can be used in place. Used
 * by one thread.
 */
public final class IpcOutput {
  /** What comes before the size of every message. */
  public static final int CONTINUATION = -1;

  private static final int ALIGNMENT_BYTES = 64;
  private static final int PREFIX_BYTES = 2 * Integer.BYTES;
  private static final int MOST_VIEW_BYTES = 1 << 30;

  private final WritableByteChannel channel;
  private final MessageBuilder message = new MessageBuilder();
  private final BufferList buffers = new BufferList(true);
  private final CompressionUtil.CodecType codecType;
  private final @Nullable CompressionCodec codec;
  private long position;

  /** Begins. */
  public IpcOutput(WritableByteChannel channel, CompressionUtil.CodecType codecType) {
    this.channel = channel;
    this.codecType = codecType;
    this.codec =
        codecType == CompressionUtil.CodecType.NO_COMPRESSION
            ? null
            : CommonsCompressionFactory.INSTANCE.createCodec(codecType);
  }

  /** Returns how many bytes were written. */
  public long position() {
    return position;
  }

  /** Writes bytes as they are. */
  public void write(ByteBuffer bytes) throws IOException {
    position += bytes.remaining();
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Makes a buffer in the byte order of Arrow. */
  public static ByteBuffer littleEndian(int sizeBytes) {
    return ByteBuffer.allocate(sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes a message without a body. */
  public ArrowBlock writeMetadata(ByteBuffer metadata) throws IOException {
    long start = position;
    long end = start + PREFIX_BYTES + metadata.remaining();
    int padding = (int) (-end & (ALIGNMENT_BYTES - 1));
    write(
        littleEndian(PREFIX_BYTES)
            .putInt(CONTINUATION)
            .putInt(metadata.remaining() + padding)
            .flip());
    write(metadata);
    write(ByteBuffer.allocate(padding));
    return new ArrowBlock(start, (int) (position - start), 0);
  }

  /** Writes the mark of the end. */
  public void writeEnd() throws IOException {
    write(littleEndian(PREFIX_BYTES).putInt(CONTINUATION).putInt(0).flip());
  }

  /** Writes a record batch. */
  public ArrowBlock writeBatch(List<FieldVector> vectors, int rows) throws IOException {
    return writeBody(vectors, (bytes, type) -> message.recordBatch(rows, bytes, type));
  }

  /** Writes a dictionary. */
  public ArrowBlock writeDictionary(long id, FieldVector values) throws IOException {
    return writeBody(
        List.of(values),
        (bytes, type) -> message.dictionaryBatch(id, values.getValueCount(), bytes, type));
  }

  private interface Header {
    ByteBuffer build(long bodyBytes, byte codecType);
  }

  private ArrowBlock writeBody(List<FieldVector> vectors, Header header) throws IOException {
    buffers.gather(vectors);
    List<ArrowBuf> body = new ArrayList<>(buffers.buffers());
    try {
      for (int i = 0; i < buffers.buffers(); i++) {
        body.add(encoded(buffers.address(i), buffers.size(i)));
        buffers.resize(i, body.get(i).writerIndex());
      }
      long bodyBytes = buffers.describeInSequence(message, 0);
      ArrowBlock block =
          writeMetadata(
              header.build(
                  bodyBytes, codec == null ? MessageBuilder.NOT_COMPRESSED : codecType.getType()));
      for (ArrowBuf buffer : body) {
        write(buffer);
      }
      return new ArrowBlock(block.getOffset(), block.getMetadataLength(), bodyBytes);
    } finally {
      body.forEach(buffer -> buffer.getReferenceManager().release());
    }
  }

  private ArrowBuf encoded(long address, long size) {
    // the vectors hold the memory until the message is written
    ArrowBuf view = new ForeignMemory(() -> {}).view(address, size);
    return codec == null || size == 0 ? view : codec.compress(Allocators.VIEWS, view);
  }

  private void write(ArrowBuf buffer) throws IOException {
    long size = buffer.writerIndex();
    for (long at = 0; at < size; at += MOST_VIEW_BYTES) {
      int part = (int) Math.min(MOST_VIEW_BYTES, size - at);
      write(Mapping.view(buffer.memoryAddress() + at, part));
    }
    write(ByteBuffer.allocate((int) (BufferList.aligned(size) - size)));
  }

  /** Names what went wrong with a channel. */
  public static VineyardException failed(String what, IOException cause) {
    return VineyardException.of(ErrorCode.IO_ERROR, what + " failed: " + cause, cause);
  }
}
