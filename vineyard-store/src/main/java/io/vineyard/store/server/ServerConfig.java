package io.vineyard.store.server;

import io.vineyard.store.core.StoreLimits;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What a server is made with.
 *
 * @param socket the path of its socket
 * @param limits the bounds of its store
 * @param handshakeTimeout the longest that a connection may take to say who it is
 * @param stallTimeout the longest that much may wait for a client that does not read it
 * @param keepFreed how long pages that Vineyard's clients have freed are kept for the next ones
 */
record ServerConfig(
    Path socket,
    StoreLimits limits,
    Duration handshakeTimeout,
    Duration stallTimeout,
    Duration keepFreed) {
  /** How long freed pages are kept unless told otherwise. */
  static final Duration KEEP_FREED = Duration.ofMinutes(5);

  /** As much may wait for a client before it is given less to do. */
  static final int MUCH_WAITING_BYTES = 1 << 20;

  /** The most bytes that may wait for a client. */
  static final int MOST_WAITING_BYTES = 16 << 20;

  /** As many descriptors may wait for a client before it is given less to do. */
  static final int MUCH_WAITING_DESCRIPTORS = 64;

  /** The most descriptors that may wait for a client. */
  static final int MOST_WAITING_DESCRIPTORS = 256;

  /** How long to wait before another look whether a full socket takes one more descriptor. */
  static final Duration ROOM_LOOK = Duration.ofMillis(1);

  /** The longest that a client may go on without its second connection, or after its last frame. */
  static final Duration MOST_ALONE = Duration.ofSeconds(1);

  /** The most connections that have not said yet who they are. */
  static final int MOST_STRANGERS = 128;

  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(10);

  /** Returns a configuration with the usual timeouts. */
  static ServerConfig of(Path socket, StoreLimits limits, Duration keepFreed) {
    return new ServerConfig(socket, limits, HANDSHAKE_TIMEOUT, STALL_TIMEOUT, keepFreed);
  }
}
