package io.vineyard.store.server.json;

import io.vineyard.store.ObjectId;

/**
 * A chunk as an object or blob that a client can get.
 *
 * @param onDone releases the chunk
 * @param onLost leaves the chunk to the next reader
 */
record Rendered(ObjectId id, Runnable onDone, Runnable onLost) {
  /** The client is done with it. */
  void done() {
    onDone.run();
  }

  /** The client is lost, or never got it. */
  void lost() {
    onLost.run();
  }
}
