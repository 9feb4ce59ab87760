package io.vineyard.store.process;

import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Bytes that follow from a number and from their place, all of which are written and all of which
 * are checked, as fast as memory is copied: for the number n they are those of a fixed random
 * table, cyclic, from its byte 64 n on.
 */
final class EveryByte {
  private static final int TABLE_BYTES = (1 << 20) + 4096; // no multiple of what is cut from it
  private static final int STEP_BYTES = 64;
  private static final ByteBuffer TABLE = table();

  private EveryByte() {}

  private static ByteBuffer table() {
    byte[] bytes = new byte[TABLE_BYTES];
    new Random(42).nextBytes(bytes);
    return ByteBuffer.allocateDirect(TABLE_BYTES).put(bytes).flip();
  }

  /** Takes a part of memory and the part of the table that it is to be equal to. */
  private interface Parts {
    void accept(ByteBuffer memory, ByteBuffer table, long offset);
  }

  private static void forEach(long address, long sizeBytes, long number, Parts parts) {
    int from = (int) (number * STEP_BYTES % TABLE_BYTES);
    long offset = 0;
    while (offset < sizeBytes) {
      int count = (int) Math.min(sizeBytes - offset, TABLE_BYTES - from);
      ByteBuffer memory = Mapping.view(address + offset, count);
      parts.accept(memory, TABLE.slice(from, count), offset);
      offset += count;
      from = 0;
    }
  }

  static void write(long address, long sizeBytes, long number) {
    forEach(address, sizeBytes, number, (memory, table, offset) -> memory.put(table));
  }

  static void check(long address, long sizeBytes, long number) {
    forEach(
        address,
        sizeBytes,
        number,
        (memory, table, offset) -> {
          int wrong = memory.mismatch(table);
          if (wrong >= 0) {
            throw new AssertionError(
                "expected the bytes of number " + number + ", got another at " + (offset + wrong));
          }
        });
  }
}
