package io.vineyard.store;

import org.jspecify.annotations.Nullable;

/**
 * The name of an object, a blob or a stream within an instance: 64 bits, never used twice.
 *
 * <p>The highest bit is set for blobs and clear for everything else, as in Vineyard.
 *
 * @param value the bits
 */
public record ObjectId(long value) implements Comparable<ObjectId> {
  private static final long BLOB_BIT = 1L << 63;
  private static final int HEX_DIGITS = 16;

  /** The id of every blob of 0 bytes. */
  public static final ObjectId EMPTY_BLOB = new ObjectId(BLOB_BIT);

  /** Returns whether this names a blob. */
  public boolean isBlob() {
    return value < 0;
  }

  /**
   * Parses what {@link #toString()} prints: the letter {@code o} and 16 hexadecimal digits.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} for any other text
   */
  public static ObjectId parse(String text) {
    if (text.length() == HEX_DIGITS + 1 && text.charAt(0) == 'o') {
      try {
        return new ObjectId(Long.parseUnsignedLong(text, 1, HEX_DIGITS + 1, 16));
      } catch (NumberFormatException e) {
        throw notAnId(text, e);
      }
    }
    throw notAnId(text, null);
  }

  private static VineyardException notAnId(String text, @Nullable Throwable cause) {
    return VineyardException.of(
        ErrorCode.INVALID,
        "expected an object id (the letter o and 16 hexadecimal digits), got \"" + text + "\"",
        cause);
  }

  @Override
  public int compareTo(ObjectId other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    String digits = Long.toHexString(value);
    return "o" + "0".repeat(HEX_DIGITS - digits.length()) + digits;
  }
}
