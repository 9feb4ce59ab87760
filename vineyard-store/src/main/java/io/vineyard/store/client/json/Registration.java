package io.vineyard.store.client.json;

import io.netty.channel.EventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.util.concurrent.CompletableFuture;

/**
 * A new connection of a client, and the server's answer to its first request.
 *
 * @param connection can be used once the answer is there, and is the caller's to close
 * @param answer fails if the server is none that speaks Vineyard's dialect
 */
public record Registration(
    RequestConnection connection, CompletableFuture<Reply.Registered> answer) {
  private static final String VERSION = "0.24.2";
  private static final int OBJECT_STORE = 1;

  /** Where a server is, as a client reaches it. */
  public record Place(EventLoop loop, DomainSocketAddress address, String words) {}

  /**
   * Connects and registers.
   *
   * @param binaryVersion the version of our own dialect that the client speaks too, 0 for none
   */
  public static Registration begin(Place place, int binaryVersion) {
    RequestConnection connection = new RequestConnection(place.loop(), place.words());
    connection.open(place.address());
    CompletableFuture<Reply.Registered> answer =
        connection.ask(
            new Request.Register(VERSION, OBJECT_STORE, 0, binaryVersion),
            reply -> accept(connection, (Reply.Registered) reply));
    return new Registration(connection, answer);
  }

  private static Reply.Registered accept(RequestConnection connection, Reply.Registered reply) {
    if (!reply.storeMatches()) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected a Vineyard server with a store of objects, got one of another kind");
    }
    connection.setInstance(reply.instance());
    return reply;
  }

  /** Ends the connection; nothing is in flight any more. */
  public void close() {
    connection.finish();
  }

  /** Ends the connection at once. */
  public void abort(VineyardException reason) {
    connection.close(reason);
  }
}
