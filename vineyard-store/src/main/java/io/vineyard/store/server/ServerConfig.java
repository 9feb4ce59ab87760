package io.vineyard.store.server;

import io.vineyard.store.core.StoreLimits;
import java.nio.file.Path;
import java.time.Duration;

/** What a server is made with. */
record ServerConfig(Path socket, StoreLimits limits, Duration handshakeTimeout) {
  /** The most bytes that may wait for a client that does not read. */
  static final int MOST_WAITING_BYTES = 16 << 20;

  /** The longest that a client may go on without its second connection. */
  static final Duration MOST_ALONE = Duration.ofSeconds(1);

  /** The most connections that have not said yet who they are. */
  static final int MOST_STRANGERS = 128;
}
