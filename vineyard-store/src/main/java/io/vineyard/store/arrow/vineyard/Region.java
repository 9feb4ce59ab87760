package io.vineyard.store.arrow.vineyard;

import io.vineyard.store.arrow.format.Malformed;
import io.vineyard.store.memory.Mapping;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Bytes in memory.
 *
 * @param address of the first; of no bytes, anything
 * @param sizeBytes how many
 */
public record Region(long address, long sizeBytes) {
  /** No bytes. */
  public static final Region EMPTY = new Region(0, 0);

  /** Returns the bytes from an offset on, at most so many. */
  Region part(long offset, long mostBytes) {
    if (offset < 0 || offset > sizeBytes) {
      throw Malformed.of("an offset within " + sizeBytes + " bytes", "" + offset);
    }
    return new Region(address + offset, Math.min(mostBytes, sizeBytes - offset));
  }

  /** Returns so many of the first bytes, which must be there. */
  Region first(long wanted, String what) {
    if (wanted > sizeBytes) {
      throw Malformed.of(wanted + " bytes for " + what, sizeBytes + " bytes");
    }
    return new Region(address, wanted);
  }

  /** Returns a copy of the bytes, which must be few. */
  ByteBuffer copy() {
    int most = 16 << 20;
    if (sizeBytes > most) {
      throw Malformed.of("up to " + most + " bytes of a message", "" + sizeBytes);
    }
    byte[] bytes = new byte[(int) sizeBytes];
    Mapping.view(address, bytes.length).get(bytes);
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
