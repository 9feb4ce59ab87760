package io.vineyard.store;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An error of a store, a stream or a connection to one.
 *
 * <p>{@link #code()} says what happened, {@link #category()} what a caller can do about it. The
 * message says what was expected and what came.
 */
public class VineyardException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /** Makes an error; {@link #of(ErrorCode, String)} picks the right subtype. */
  protected VineyardException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /**
   * Makes the error for a code, of the subtype that belongs to the code.
   *
   * @param code what happened
   * @param message what was expected, and what came
   */
  public static VineyardException of(ErrorCode code, String message) {
    return of(code, message, null);
  }

  /**
   * Makes the error for a code, of the subtype that belongs to the code.
   *
   * @param code what happened
   * @param message what was expected, and what came
   * @param cause what led to it, or null
   */
  public static VineyardException of(ErrorCode code, String message, @Nullable Throwable cause) {
    return switch (code) {
      case WRITER_LOST -> new WriterLostException(message, cause);
      case STORE_LOST -> new StoreLostException(message, cause);
      default -> new VineyardException(code, message, cause);
    };
  }

  /** Returns what happened. */
  public ErrorCode code() {
    return code;
  }

  /** Returns what a caller can do about it. */
  public ErrorCode.Category category() {
    return code.category();
  }

  @Override
  public String toString() {
    return getClass().getName() + "[" + code + "]: " + getMessage();
  }
}
