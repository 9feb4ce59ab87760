package io.vineyard.store.server;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.JsonDialect;

/**
 * The bytes of the large messages in Vineyard's dialect that have begun to come, of all clients
 * together. Used by the thread of the server.
 */
final class PartialMessages {
  /** How many bytes they may have at once. */
  static final long MOST_BYTES = 4L * JsonDialect.MOST_BYTES;

  private long bytes;

  /**
   * Counts one more.
   *
   * @throws VineyardException with {@link ErrorCode#LIMIT_REACHED} if that is too much
   */
  void begin(long length) {
    if (bytes + length > MOST_BYTES) {
      throw VineyardException.of(
          ErrorCode.LIMIT_REACHED,
          "expected at most %d bytes of messages that have not come whole, got %d more than %d"
              .formatted(MOST_BYTES, length, bytes));
    }
    bytes += length;
  }

  /** One has come, or will never do so. */
  void end(long length) {
    bytes -= length;
  }
}
