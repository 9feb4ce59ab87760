package io.vineyard.store.arrow.ipc;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Cuts IPC messages out of pieces of any size. Takes a first megabyte of memory for a body that a
 * message announces, and the rest only when that has arrived. Used by one thread.
 */
public final class IpcFrames implements AutoCloseable {
  private static final int MOST_METADATA_BYTES = 16 << 20;
  private static final int FIRST_PART_BYTES = 1 << 20;

  private enum State {
    PREFIX,
    SIZE,
    METADATA,
    BODY,
    COMPLETE,
    ENDED
  }

  private final BufferAllocator allocator;
  private final long mostBodyBytes;
  private final ByteBuffer prefix = IpcMessages.littleEndian(Integer.BYTES);
  private State state = State.PREFIX;
  private ByteBuffer metadata = prefix;
  private int metadataBytes;
  private @Nullable Message message;
  private @Nullable ArrowBuf body;
  private long bodyBytes;
  private long bodyRead;

  /** Begins. */
  public IpcFrames(BufferAllocator allocator, long mostBodyBytes) {
    this.allocator = allocator;
    this.mostBodyBytes = mostBodyBytes;
  }

  /** Reads on; returns whether a message is complete, else all input was read. */
  public boolean read(ByteBuffer input) {
    boolean goesOn = true;
    while (goesOn && state != State.COMPLETE) {
      goesOn =
          switch (state) {
            case PREFIX, SIZE -> readPrefix(input);
            case METADATA -> readMetadata(input);
            case BODY -> readBody(input);
            default -> readNothing(input);
          };
    }
    return state == State.COMPLETE;
  }

  /** Returns the message that is complete. */
  public Message message() {
    return Objects.requireNonNull(message);
  }

  /** Returns the body of the message that is complete; the caller releases it. */
  public ArrowBuf takeBody() {
    ArrowBuf taken = Objects.requireNonNull(body);
    body = null;
    state = State.PREFIX;
    return taken;
  }

  /** Throws, if this is no place to end. */
  public void checkEnd() {
    if (state == State.ENDED || (state == State.PREFIX && prefix.position() == 0)) {
      return;
    }
    String place =
        switch (state) {
          case METADATA -> metadata.position() + " of " + metadataBytes + " bytes of metadata";
          case BODY -> bodyRead + " of " + bodyBytes + " bytes of a body";
          default -> "a part of a prefix";
        };
    throw VineyardException.of(
        ErrorCode.END_OF_FILE,
        "expected a whole message of an Arrow stream, it ends after " + place);
  }

  private boolean readNothing(ByteBuffer input) {
    if (input.hasRemaining()) {
      throw Malformed.of("nothing after the end of an Arrow stream", input.remaining() + " bytes");
    }
    return false;
  }

  private boolean readPrefix(ByteBuffer input) {
    move(input, prefix);
    if (prefix.hasRemaining()) {
      return false;
    }
    int value = prefix.clear().getInt(0);
    if (value == IpcMessages.CONTINUATION && state == State.PREFIX) {
      state = State.SIZE;
    } else if (value == 0) {
      state = State.ENDED;
    } else if (value < 0 || value > MOST_METADATA_BYTES) {
      throw Malformed.of("metadata of up to " + MOST_METADATA_BYTES + " bytes", value + " bytes");
    } else {
      state = State.METADATA;
      metadataBytes = value;
      metadata = IpcMessages.littleEndian(Math.min(value, FIRST_PART_BYTES));
    }
    return true;
  }

  private boolean readMetadata(ByteBuffer input) {
    move(input, metadata);
    if (metadata.hasRemaining()) {
      return false;
    }
    if (metadata.capacity() < metadataBytes) {
      int larger = (int) Math.min(metadataBytes, 2L * metadata.capacity());
      metadata = IpcMessages.littleEndian(larger).put(metadata.flip());
      return true;
    }
    ByteBuffer complete = metadata.flip();
    Message read = Malformed.guard("message", () -> Message.getRootAsMessage(complete));
    bodyBytes = Malformed.guard("message", read::bodyLength);
    if (bodyBytes < 0) {
      throw Malformed.of("a body of 0 bytes or more", bodyBytes + " bytes");
    } else if (bodyBytes > mostBodyBytes) {
      throw Malformed.tooLarge("bytes of a batch", mostBodyBytes, bodyBytes);
    }
    message = read;
    bodyRead = 0;
    body = allocator.buffer(Math.min(bodyBytes, FIRST_PART_BYTES));
    state = State.BODY;
    return true;
  }

  private boolean readBody(ByteBuffer input) {
    ArrowBuf target = Objects.requireNonNull(body);
    long wanted = Math.min(bodyBytes, target.capacity()) - bodyRead;
    int count = (int) Math.min(wanted, input.remaining());
    if (count > 0) {
      move(input, Mapping.view(target.memoryAddress() + bodyRead, count));
      bodyRead += count;
    }
    if (bodyRead == bodyBytes) {
      target.writerIndex(bodyBytes);
      state = State.COMPLETE;
    } else if (count == wanted) {
      grow(target);
    }
    return bodyRead == bodyBytes || input.hasRemaining();
  }

  private void grow(ArrowBuf first) {
    ArrowBuf whole = allocator.buffer(bodyBytes);
    whole.setBytes(0, first, 0, bodyRead);
    body = whole;
    first.close();
  }

  private static void move(ByteBuffer source, ByteBuffer target) {
    int count = Math.min(source.remaining(), target.remaining());
    target.put(target.position(), source, source.position(), count);
    target.position(target.position() + count);
    source.position(source.position() + count);
  }

  /** Gives back what has arrived of a body. */
  @Override
  public void close() {
    if (body != null) {
      body.close();
      body = null;
    }
  }
}
