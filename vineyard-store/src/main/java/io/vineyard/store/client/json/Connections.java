package io.vineyard.store.client.json;

import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** How connections are read, and those that a client has beside its first. */
final class Connections {
  private Connections() {}

  /**
   * Has a channel read exactly what is wanted, and then look again: a read beyond a reply would
   * lose the descriptor behind it.
   */
  static final class ExactReads extends DefaultMaxMessagesRecvByteBufAllocator {
    private int wanted;

    ExactReads() {
      super(1);
    }

    /** Sets how many bytes the next read asks for, at least 1. */
    void want(int bytes) {
      wanted = bytes;
    }

    @Override
    @SuppressWarnings("deprecation") // there is no other kind of handle for a channel
    public RecvByteBufAllocator.Handle newHandle() {
      return new MaxMessageHandle() {
        @Override
        public int guess() {
          return wanted;
        }
      };
    }
  }

  /** Connections for requests that a server answers when it can. Thread-safe. */
  static final class ExtraConnections {
    private final Registration.Place place;
    private final Set<RequestConnection> open = ConcurrentHashMap.newKeySet();
    private volatile @Nullable VineyardException closed;

    ExtraConnections(Registration.Place place) {
      this.place = place;
    }

    /** Opens one, on which can be asked at once; the caller closes it. */
    RequestConnection open() {
      RequestConnection connection = Registration.begin(place, 0).connection();
      open.add(connection);
      connection.ended().whenComplete((reason, never) -> open.remove(connection));
      VineyardException reason = closed;
      if (reason != null) {
        connection.close(reason);
      }
      return connection;
    }

    /** Ends one. */
    void close(RequestConnection connection) {
      connection.close(VineyardException.of(ErrorCode.STORE_LOST, "it is not needed any more"));
    }

    /** Ends all, and those that are opened from now on. */
    void close(VineyardException reason) {
      closed = reason;
      open.forEach(connection -> connection.close(reason));
    }
  }
}
