package io.vineyard.store.server;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.VineyardException;
import java.nio.file.Path;
import java.time.Duration;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** A server that listens, until it is disposed. Whoever bound it disposes it. Thread-safe. */
public interface BoundServer extends Disposable {

  /** Returns the path of its socket. */
  Path socket();

  /**
   * Attaches a client of this JVM to the store, without a socket; the caller closes it. Lazy: each
   * subscriber gets a client of its own. Fails with {@link ErrorCode#LIMIT_REACHED} if there are as
   * many clients as the store takes, or no thread can be started for it, and with {@link
   * ErrorCode#STORE_LOST} after {@link #dispose}.
   */
  Mono<ObjectStore> connect();

  /**
   * The same as {@link #connect()}, and waits for it.
   *
   * @throws VineyardException for the same reasons
   */
  ObjectStore connectNow();

  /** Answers with the store as it is now. */
  Mono<StoreStatus> status();

  /** Begins to end the server: every client loses its store, and the socket file goes. */
  @Override
  void dispose();

  /**
   * Ends the server, and waits until it has ended.
   *
   * @param timeout the longest to wait
   */
  void disposeNow(Duration timeout);

  /** Completes when the server has ended. */
  Mono<Void> onDispose();
}
