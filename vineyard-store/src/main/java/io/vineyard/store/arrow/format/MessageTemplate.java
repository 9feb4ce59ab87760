package io.vineyard.store.arrow.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A {@code RecordBatch} message whose numbers can be changed in place, as messages with as many
 * nodes and buffers differ in nothing else. Used by one thread.
 */
final class MessageTemplate {
  /** How the message was built: each of its numbers is one more than the one before. */
  static final long FIRST_MARK = 0x7a5c3e1900000000L;

  private final ByteBuffer message;
  private final int[] at;

  /**
   * Takes a message, and finds its numbers.
   *
   * @param built a message with marks in place of numbers
   * @param marks how many
   */
  MessageTemplate(ByteBuffer built, int marks) {
    message = ByteBuffer.allocate(built.remaining()).order(ByteOrder.LITTLE_ENDIAN);
    message.put(built.duplicate()).flip();
    at = new int[marks];
    int last = 0;
    for (int i = 0; i < marks; i++) {
      // most are behind the one before
      int found = find(FIRST_MARK + i, last, message.limit());
      last = found >= 0 ? found : find(FIRST_MARK + i, 0, last + Long.BYTES);
      if (last < 0) {
        throw new AssertionError("expected mark " + i + " in a message, there is none");
      }
      at[i] = last;
    }
  }

  private int find(long mark, int from, int end) {
    for (int i = from; i <= end - Long.BYTES; i++) {
      if (message.getLong(i) == mark) {
        return i;
      }
    }
    return -1;
  }

  int marks() {
    return at.length;
  }

  void set(int mark, long value) {
    message.putLong(at[mark], value);
  }

  /** Returns all of the message, whatever became of the limits of an earlier one. */
  ByteBuffer message() {
    return message.clear();
  }
}
