package io.vineyard.store.client.json;

import io.vineyard.store.ObjectId;
import io.vineyard.store.protocol.json.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How often this client has each blob. The server counts a connection once, however often it asks,
 * and moves only blobs out of memory that no connection has. Thread-safe.
 */
final class References {
  private final JsonConnection connection;
  private final boolean isCounted;
  private final Map<ObjectId, Integer> counts = new HashMap<>();

  /**
   * Makes the count of a connection.
   *
   * @param counts whether what is had is ever returned, before the end of the connection
   */
  References(JsonConnection connection, boolean counts) {
    this.connection = connection;
    this.isCounted = counts;
  }

  /** Counts blobs before they are asked for. */
  synchronized void add(List<ObjectId> blobs) {
    if (isCounted) {
      blobs.forEach(blob -> counts.merge(blob, 1, Integer::sum));
    }
  }

  /** Returns blobs; the server hears of those that nobody here has any more. */
  synchronized void remove(List<ObjectId> blobs) {
    if (!isCounted) {
      return;
    }
    for (ObjectId blob : blobs) {
      Integer left = counts.computeIfPresent(blob, (id, count) -> count == 1 ? null : count - 1);
      if (left == null) {
        // That the blob is gone is no error; that the connection is gone returns everything.
        connection.ask(new Request.Release(blob), reply -> true);
      }
    }
  }
}
