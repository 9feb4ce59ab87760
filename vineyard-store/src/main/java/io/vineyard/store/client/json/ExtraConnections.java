package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Connections for requests that a server answers when it can. Thread-safe. */
final class ExtraConnections {
  private final Registration.Place place;
  private final Set<JsonConnection> open = ConcurrentHashMap.newKeySet();
  private volatile @Nullable VineyardException closed;

  ExtraConnections(Registration.Place place) {
    this.place = place;
  }

  /** Opens one, on which can be asked at once; the caller closes it. */
  JsonConnection open() {
    JsonConnection connection = Registration.begin(place, 0).connection();
    open.add(connection);
    connection.ended().whenComplete((reason, never) -> open.remove(connection));
    VineyardException reason = closed;
    if (reason != null) {
      connection.close(reason);
    }
    return connection;
  }

  /** Ends one. */
  void close(JsonConnection connection) {
    connection.close(VineyardException.of(ErrorCode.STORE_LOST, "it is not needed any more"));
  }

  /** Ends all, and those that are opened from now on. */
  void close(VineyardException reason) {
    closed = reason;
    open.forEach(connection -> connection.close(reason));
  }
}
