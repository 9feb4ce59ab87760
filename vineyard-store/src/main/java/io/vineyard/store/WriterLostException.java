package io.vineyard.store;

import org.jspecify.annotations.Nullable;

/**
 * The writer of a stream died, or lost its connection, before it finished the stream.
 *
 * <p>A reader gets it after every chunk that the writer had published.
 */
public final class WriterLostException extends VineyardException {
  private static final long serialVersionUID = 1L;

  WriterLostException(String message, @Nullable Throwable cause) {
    super(ErrorCode.WRITER_LOST, message, cause);
  }
}
