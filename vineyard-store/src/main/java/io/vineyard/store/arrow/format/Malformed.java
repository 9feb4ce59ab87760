package io.vineyard.store.arrow.format;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.function.Supplier;

/** What bytes get that are not legal Arrow. */
public final class Malformed {
  private Malformed() {}

  /** Makes the error. */
  public static VineyardException of(String expected, String actual) {
    return VineyardException.of(ErrorCode.ARROW_ERROR, "expected " + expected + ", got " + actual);
  }

  /** Makes the error for what is larger than it may be. */
  public static VineyardException tooLarge(String what, long mostBytes, long bytes) {
    return VineyardException.of(
        ErrorCode.LIMIT_REACHED,
        "expected at most %d %s, got %d".formatted(mostBytes, what, bytes));
  }

  /**
   * Reads something out of bytes that may be anything. FlatBuffers and Arrow check little
   * themselves: a bad offset shows as any exception, or as endless nesting.
   */
  public static <T> T guard(String subject, Supplier<T> read) {
    try {
      return read.get();
    } catch (VineyardException typed) {
      throw typed;
    } catch (RuntimeException | StackOverflowError broken) {
      throw VineyardException.of(
          ErrorCode.ARROW_ERROR,
          "expected a legal Arrow " + subject + ", reading it gave " + broken,
          broken);
    }
  }
}
