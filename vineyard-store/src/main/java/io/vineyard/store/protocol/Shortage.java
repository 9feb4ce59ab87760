package io.vineyard.store.protocol;

import io.vineyard.store.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Tells errors of a process that has run short of something from all others. */
public final class Shortage {
  private static final int MOST_CAUSES = 8;
  private static final String NO_DESCRIPTOR = "Too many open files";

  private Shortage() {}

  /** Returns {@link ErrorCode#LIMIT_REACHED} if descriptors or threads are short, else another. */
  public static ErrorCode codeOf(@Nullable Throwable error, ErrorCode other) {
    Throwable cause = error;
    for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
      // Not to be able to start a thread is an OutOfMemoryError.
      if (cause instanceof OutOfMemoryError
          || String.valueOf(cause.getMessage()).contains(NO_DESCRIPTOR)) {
        return ErrorCode.LIMIT_REACHED;
      }
      cause = cause.getCause();
    }
    return other;
  }
}
