package io.vineyard.store.server.json;

import io.vineyard.store.ObjectId;

/**
 * A chunk as an object or blob that a client can get; closed when the client is done with it.
 *
 * @param onClose releases the chunk
 */
record Rendered(ObjectId id, Runnable onClose) implements AutoCloseable {
  @Override
  public void close() {
    onClose.run();
  }
}
