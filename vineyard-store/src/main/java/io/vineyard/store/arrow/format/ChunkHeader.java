package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The header of a chunk that is a record batch: Arrow IPC messages without their bodies, whose
 * buffer offsets count in the chunk. Little-endian.
 *
 * <pre>
 *  0       2       4        8                       8 + n, padded to 8
 * +-------+-------+--------+-----------------------+--------+--------+-----
 * | count | flags | size n | message (FlatBuffers) | 0      | size   | ...
 * +-------+-------+--------+-----------------------+--------+--------+-----
 * </pre>
 *
 * <p>Bit 0 of the flags says that the writer had to copy bytes into shared memory.
 *
 * <p>First the schema, if the stream's chunks differ in it; then the dictionary batches; last the
 * record batch. Bit 1 of the flags says that what the chunk carries for its reader comes after
 * that, in the form of one more message, which the count leaves out.
 *
 * <p>Bit 2 of the flags says that the chunk is an object instead: then there is one message, which
 * says what the object is and where its blobs lie in the chunk.
 */
public final class ChunkHeader {
  /** How many bytes a chunk may carry for its reader besides what it is made of. */
  public static final int MOST_CARRIER_BYTES = 4096;

  private static final int MOST_MESSAGES = 0xFFFF;
  private static final int FLAGS_AT = 2;
  private static final int COPIED = 1;
  private static final int CARRIES = 2;
  private static final int IS_OBJECT = 4;
  private static final int ALIGNMENT = 8;
  private static final int FIRST_BYTES = 1024;

  private ByteBuffer bytes = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private int count;
  private int flags;

  /** Begins a header. */
  public void begin(boolean wasCopied) {
    bytes.clear();
    count = 0;
    flags = wasCopied ? COPIED : 0;
  }

  /** Begins the header of a chunk that is an object. */
  public void beginObject() {
    begin(false);
    flags = IS_OBJECT;
  }

  /** Adds a message, copied from its position to its limit. */
  public void add(ByteBuffer message) {
    append(message);
    count++;
  }

  /** Adds what the chunk carries besides, once and last. */
  public void carry(byte[] carrier) {
    append(ByteBuffer.wrap(carrier));
    flags |= CARRIES;
  }

  private void append(ByteBuffer message) {
    int size = message.remaining();
    int end = Math.addExact(bytes.position() + ALIGNMENT, padded(size));
    if (end > bytes.capacity()) {
      ByteBuffer larger =
          ByteBuffer.allocate(Math.max(end, 2 * bytes.capacity())).order(ByteOrder.LITTLE_ENDIAN);
      bytes = larger.put(bytes.flip());
    }
    bytes.putInt(0).putInt(size).put(message);
    while (bytes.position() < end) {
      bytes.put((byte) 0);
    }
  }

  /** Ends the header; the bytes are valid until the next one begins. */
  public ByteBuffer end() {
    if (count > MOST_MESSAGES) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most " + (MOST_MESSAGES - 2) + " dictionaries, got " + (count - 2));
    }
    bytes.putShort(0, (short) count).putShort(FLAGS_AT, (short) flags);
    return bytes.flip();
  }

  /** Takes a header apart. */
  public static List<ByteBuffer> messages(ByteBuffer header) {
    return sections(header, messageCount(header));
  }

  /** Returns what the chunk carries besides its messages, null if nothing. */
  public static @Nullable ByteBuffer carrier(ByteBuffer header) {
    int messages = messageCount(header);
    if ((flags(header) & CARRIES) == 0) {
      return null;
    }
    ByteBuffer carrier = sections(header, messages + 1).get(messages);
    if (carrier.remaining() > MOST_CARRIER_BYTES) {
      throw Malformed.of(
          "at most " + MOST_CARRIER_BYTES + " bytes that a chunk carries",
          "" + carrier.remaining());
    }
    return carrier;
  }

  private static int messageCount(ByteBuffer header) {
    ByteBuffer all = header.order(ByteOrder.LITTLE_ENDIAN);
    if (all.remaining() < ALIGNMENT) {
      throw Malformed.of("a chunk header of 8 bytes or more", all.remaining() + " bytes");
    }
    int messages = Short.toUnsignedInt(all.getShort(all.position()));
    if (messages < 1) {
      throw Malformed.of("1 to " + MOST_MESSAGES + " messages in a chunk header", "" + messages);
    }
    return messages;
  }

  private static List<ByteBuffer> sections(ByteBuffer all, int messages) {
    int start = all.position();
    List<ByteBuffer> found = new ArrayList<>(Math.min(messages, ALIGNMENT));
    int at = start;
    for (int i = 0; i < messages; i++) {
      int size = at + ALIGNMENT <= all.limit() ? all.getInt(at + Integer.BYTES) : -1;
      at += ALIGNMENT;
      if (size < 0 || size > all.limit() - at) {
        throw Malformed.of(
            "message " + i + " within a header of " + all.remaining() + " bytes",
            size + " bytes at " + (at - start));
      }
      found.add(all.slice(at, size).order(ByteOrder.LITTLE_ENDIAN));
      at += padded(size);
    }
    return found;
  }

  /** Returns whether the writer had to copy bytes; of a header that was taken apart before. */
  public static boolean wasCopied(ByteBuffer header) {
    return (flags(header) & COPIED) != 0;
  }

  /** Returns whether the chunk is an object; of a header that was taken apart before. */
  public static boolean isObject(ByteBuffer header) {
    return (flags(header) & IS_OBJECT) != 0;
  }

  private static int flags(ByteBuffer header) {
    return header.getShort(header.position() + FLAGS_AT);
  }

  private static int padded(int size) {
    return (size + ALIGNMENT - 1) & -ALIGNMENT;
  }
}
