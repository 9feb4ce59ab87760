package io.vineyard.store.arrow.ipc;

import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.BufferList;
import io.vineyard.store.arrow.format.ForeignMemory;
import io.vineyard.store.arrow.format.MessageBuilder;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.jspecify.annotations.Nullable;

/**
 * Lays out IPC messages as pieces of memory: a continuation marker, the size of the metadata, the
 * metadata, the body. Bodies begin at multiples of 64 bytes, so that a mapped file can be used in
 * place. Used by one thread.
 */
public final class IpcMessages {
  /** What comes before the size of every message. */
  public static final int CONTINUATION = -1;

  private static final int ALIGNMENT_BYTES = 64;
  private static final int PREFIX_BYTES = 2 * Integer.BYTES;
  private static final int MOST_VIEW_BYTES = 1 << 30;
  private static final ByteBuffer PADDING =
      ByteBuffer.allocateDirect(ALIGNMENT_BYTES).asReadOnlyBuffer();

  private final MessageBuilder message = new MessageBuilder();
  private final BufferList buffers = new BufferList(true);
  private final CompressionUtil.CodecType codecType;
  private final @Nullable CompressionCodec codec;
  private long position;

  /** Begins at a position that is a multiple of 64 bytes. */
  public IpcMessages(CompressionUtil.CodecType codecType) {
    this.codecType = codecType;
    this.codec =
        codecType == CompressionUtil.CodecType.NO_COMPRESSION
            ? null
            : CommonsCompressionFactory.INSTANCE.createCodec(codecType);
  }

  /**
   * A message, of which the pieces follow each other. Those of a body are views of the vectors'
   * memory, unless they were compressed.
   *
   * @param pieces read by one thread
   * @param metadataBytes how many bytes come before the body
   * @param bodyBytes how many bytes the body has
   * @param owned what has to be released when the pieces are used
   */
  public record Pieces(
      List<ByteBuffer> pieces, int metadataBytes, long bodyBytes, List<ArrowBuf> owned)
      implements AutoCloseable {
    @Override
    public void close() {
      owned.forEach(buffer -> buffer.getReferenceManager().release());
    }
  }

  /** Returns how many bytes the messages so far have, with what was skipped. */
  public long position() {
    return position;
  }

  /** Counts bytes that are no message. */
  public void skip(long bytes) {
    position += bytes;
  }

  /** Makes a buffer in the byte order of Arrow. */
  public static ByteBuffer littleEndian(int sizeBytes) {
    return ByteBuffer.allocate(sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Lays out a message without a body. */
  public Pieces metadata(ByteBuffer metadata) {
    List<ByteBuffer> pieces = new ArrayList<>();
    int size = add(pieces, metadata);
    return new Pieces(pieces, size, 0, List.of());
  }

  private int add(List<ByteBuffer> pieces, ByteBuffer metadata) {
    long start = position;
    int size = metadata.remaining();
    int padding = (int) (-(start + PREFIX_BYTES + size) & (ALIGNMENT_BYTES - 1));
    ByteBuffer all = littleEndian(PREFIX_BYTES + size + padding);
    all.putInt(CONTINUATION).putInt(size + padding).put(metadata.duplicate()).rewind();
    pieces.add(all);
    position += all.capacity();
    return all.capacity();
  }

  /** Lays out the mark of the end. */
  public Pieces end() {
    position += PREFIX_BYTES;
    ByteBuffer mark = littleEndian(PREFIX_BYTES).putInt(CONTINUATION).putInt(0).flip();
    return new Pieces(List.of(mark), PREFIX_BYTES, 0, List.of());
  }

  /** Lays out a record batch; the vectors stay as they are until the pieces are used. */
  public Pieces batch(List<FieldVector> vectors, int rows) {
    return body(vectors, (bytes, type) -> message.recordBatch(rows, bytes, type));
  }

  /** Lays out a dictionary; its values stay as they are until the pieces are used. */
  public Pieces dictionary(long id, FieldVector values) {
    return body(
        List.of(values),
        (bytes, type) -> message.dictionaryBatch(id, values.getValueCount(), bytes, type));
  }

  private interface Header {
    ByteBuffer build(long bodyBytes, byte codecType);
  }

  private Pieces body(List<FieldVector> vectors, Header header) {
    buffers.gather(vectors);
    List<ArrowBuf> body = new ArrayList<>(buffers.buffers());
    try {
      for (int i = 0; i < buffers.buffers(); i++) {
        body.add(encoded(buffers.address(i), buffers.size(i)));
        buffers.resize(i, body.get(i).writerIndex());
      }
      long bodyBytes = buffers.describeInSequence(message, 0);
      List<ByteBuffer> pieces = new ArrayList<>(1 + 2 * body.size());
      int metadataBytes =
          add(
              pieces,
              header.build(
                  bodyBytes, codec == null ? MessageBuilder.NOT_COMPRESSED : codecType.getType()));
      body.forEach(buffer -> add(pieces, buffer));
      position += bodyBytes;
      return new Pieces(pieces, metadataBytes, bodyBytes, body);
    } catch (RuntimeException | Error failed) {
      body.forEach(buffer -> buffer.getReferenceManager().release());
      throw failed;
    }
  }

  private ArrowBuf encoded(long address, long size) {
    // the vectors hold the memory until the message is written
    ArrowBuf view = new ForeignMemory(() -> {}).view(address, size);
    return codec == null || size == 0 ? view : codec.compress(Allocators.VIEWS, view);
  }

  private static void add(List<ByteBuffer> pieces, ArrowBuf buffer) {
    long size = buffer.writerIndex();
    for (long at = 0; at < size; at += MOST_VIEW_BYTES) {
      int part = (int) Math.min(MOST_VIEW_BYTES, size - at);
      pieces.add(Mapping.view(buffer.memoryAddress() + at, part));
    }
    int padding = (int) (BufferList.aligned(size) - size);
    if (padding > 0) {
      pieces.add(PADDING.slice(0, padding));
    }
  }
}
