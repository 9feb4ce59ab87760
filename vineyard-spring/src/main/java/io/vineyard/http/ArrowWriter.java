package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.vineyard.store.arrow.ArrowStreamEncoder;
import io.vineyard.store.arrow.RecordBatch;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.jspecify.annotations.Nullable;

/** An Arrow stream, of which each batch is one buffer over the memory of the batch. */
final class ArrowWriter implements BodyWriter {
  /** Up to this size it is cheaper to copy bytes than to send them as a piece of their own. */
  private static final int MOST_COPIED_BYTES = 512;

  private static final int SMALL_PIECES_BYTES = 1024;

  /** With more pieces than a system call takes, larger ones are copied as well. */
  private static final int MANY_PIECES = 900;

  private static final int MOST_COPIED_BYTES_OF_MANY = 64 << 10;

  private final ArrowStreamEncoder encoder;
  private ArrowStreamEncoder.@Nullable Part part;

  ArrowWriter(CodecType compression) {
    this.encoder = ArrowStreamEncoder.create(compression);
  }

  @Override
  public void begin(RecordBatch batch) {
    part = encoder.encode(batch);
  }

  @Override
  public @Nullable OwningBuffer next(ByteBufAllocator allocator) {
    ArrowStreamEncoder.Part current = part;
    part = null;
    return current == null ? null : gather(current, allocator);
  }

  @Override
  public OwningBuffer end(ByteBufAllocator allocator) {
    return gather(encoder.end(), allocator);
  }

  /** Puts small pieces together, and large ones where they are; the result owns the part. */
  private static OwningBuffer gather(ArrowStreamEncoder.Part part, ByteBufAllocator allocator) {
    OwningBuffer whole = new OwningBuffer(allocator, part::close);
    ByteBuf small = null;
    List<ByteBuffer> pieces = part.pieces();
    int mostCopied = pieces.size() > MANY_PIECES ? MOST_COPIED_BYTES_OF_MANY : MOST_COPIED_BYTES;
    try {
      for (ByteBuffer piece : pieces) {
        // one piece of the heap would have all of them copied when they are sent
        if (piece.isDirect() && piece.remaining() > mostCopied) {
          small = add(whole, small);
          whole.addComponent(true, Unpooled.wrappedBuffer(piece.asReadOnlyBuffer()));
        } else {
          small = small == null ? allocator.directBuffer(SMALL_PIECES_BYTES) : small;
          small.writeBytes(piece.duplicate());
        }
      }
      small = add(whole, small);
      return whole;
    } catch (RuntimeException | Error failed) {
      if (small != null) {
        small.release();
      }
      whole.release();
      throw failed;
    }
  }

  private static @Nullable ByteBuf add(OwningBuffer whole, @Nullable ByteBuf small) {
    if (small != null) {
      whole.addComponent(true, small);
    }
    return null;
  }

  @Override
  public void close() {
    if (part != null) {
      part.close();
      part = null;
    }
    encoder.close();
  }
}
