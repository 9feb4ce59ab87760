package io.vineyard.store.protocol.binary;

import io.netty.buffer.ByteBuf;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;

/**
 * The first bytes that a client sends on a connection.
 *
 * <pre>
 *   0    1    2    3    4    5    6    7
 * +----+----+----+----+----+----+----+----+
 * | V  | Y  | S  | T  | R  | M  | 01 | FF |
 * +----+----+----+----+----+----+----+----+
 * </pre>
 *
 * <p>The byte before the last is the version of the preface itself, not that of the frames after
 * it, which the first frame says. Vineyard's JSON dialect begins with a length of 8 bytes, at most
 * 256 MiB; the last byte here makes it more than 2^63.
 */
public final class Preface {
  /** How many bytes it has. */
  public static final int SIZE_BYTES = 8;

  private static final long VALUE = 0xFF01_4D52_5453_5956L;
  private static final int VERSION_SHIFT = 48;
  private static final long VERSION_MASK = 0xFFL << VERSION_SHIFT;

  private Preface() {}

  /** Writes the preface. */
  public static void encode(ByteBuf out) {
    out.writeLongLE(VALUE);
  }

  /**
   * Reads and checks the preface.
   *
   * @throws VineyardException with {@link ErrorCode#VERSION_MISMATCH} if it is that of another
   *     version, or {@link ErrorCode#PROTOCOL_ERROR} if it is something else
   */
  public static void decode(ByteBuf in) {
    long value = in.readLongLE();
    if (value != VALUE && (value & ~VERSION_MASK) == (VALUE & ~VERSION_MASK)) {
      throw VineyardException.of(
          ErrorCode.VERSION_MISMATCH,
          "expected version "
              + version(VALUE)
              + " of the binary dialect's preface, got version "
              + version(value));
    }
    if (value != VALUE) {
      throw VineyardException.of(
          ErrorCode.PROTOCOL_ERROR,
          "expected the preface of the binary dialect, got bytes " + Long.toHexString(value));
    }
  }

  private static long version(long value) {
    return (value & VERSION_MASK) >>> VERSION_SHIFT;
  }
}
