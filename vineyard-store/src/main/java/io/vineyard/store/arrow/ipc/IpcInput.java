package io.vineyard.store.arrow.ipc;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Allocators;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.memory.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads IPC messages from a channel. Takes memory for what has arrived, not for what a message says
 * will come. Used by one thread.
 */
public final class IpcInput {
  private static final int MOST_METADATA_BYTES = 1 << 28;
  private static final int FIRST_PART_BYTES = 1 << 20;
  private static final int MOST_VIEW_BYTES = 1 << 30;

  private final ReadableByteChannel channel;

  /** Begins. */
  public IpcInput(ReadableByteChannel channel) {
    this.channel = channel;
  }

  /** Reads the metadata of the next message; null at the end, marked or not. */
  public @Nullable Message nextMessage() {
    ByteBuffer prefix = IpcMessages.littleEndian(Integer.BYTES);
    if (!fill(prefix, true)) {
      return null;
    }
    int size = prefix.getInt(0);
    if (size == IpcMessages.CONTINUATION) {
      fill(prefix.clear(), false);
      size = prefix.getInt(0);
    }
    if (size == 0) {
      return null;
    }
    if (size < 0 || size > MOST_METADATA_BYTES) {
      throw Malformed.of("metadata of up to " + MOST_METADATA_BYTES + " bytes", size + " bytes");
    }
    ByteBuffer metadata = readMetadata(size);
    return Malformed.guard("message", () -> Message.getRootAsMessage(metadata));
  }

  private ByteBuffer readMetadata(int size) {
    ByteBuffer metadata = IpcMessages.littleEndian(Math.min(size, FIRST_PART_BYTES));
    fill(metadata, false);
    while (metadata.capacity() < size) {
      int more = Math.min(metadata.capacity(), size - metadata.capacity());
      metadata = IpcMessages.littleEndian(metadata.capacity() + more).put(metadata.flip());
      fill(metadata, false);
    }
    return metadata.flip();
  }

  /** Reads a body; the caller releases it. */
  public ArrowBuf readBody(long sizeBytes) {
    if (sizeBytes < 0) {
      throw Malformed.of("a body of 0 bytes or more", sizeBytes + " bytes");
    }
    ArrowBuf body = Allocators.VIEWS.buffer(Math.min(sizeBytes, FIRST_PART_BYTES));
    try {
      long read = fill(body, 0, Math.min(sizeBytes, FIRST_PART_BYTES));
      while (read < sizeBytes) {
        long next = Math.min(sizeBytes, 2 * read);
        ArrowBuf larger = Allocators.VIEWS.buffer(next);
        larger.setBytes(0, body, 0, read);
        body.close();
        body = larger;
        read = fill(body, read, next);
      }
      return body.writerIndex(read);
    } catch (RuntimeException broken) {
      body.close();
      throw broken;
    }
  }

  private long fill(ArrowBuf target, long from, long to) {
    for (long at = from; at < to; at += MOST_VIEW_BYTES) {
      int part = (int) Math.min(MOST_VIEW_BYTES, to - at);
      fill(Mapping.view(target.memoryAddress() + at, part), false);
    }
    return to;
  }

  /** Fills a buffer; false if there is nothing at all, and that is allowed. */
  private boolean fill(ByteBuffer target, boolean mayEnd) {
    int wanted = target.remaining();
    int count = 0;
    try {
      while (count >= 0 && target.hasRemaining()) {
        count = channel.read(target);
      }
    } catch (IOException e) {
      throw IpcOutput.failed("reading an Arrow stream", e);
    }
    int missing = target.remaining();
    if (missing > 0 && !(mayEnd && missing == wanted)) {
      throw VineyardException.of(
          ErrorCode.END_OF_FILE,
          "expected " + wanted + " more bytes of an Arrow stream, got " + (wanted - missing));
    }
    return missing == 0;
  }
}
