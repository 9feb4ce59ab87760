package io.vineyard.store.client.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.json.Reply;
import io.vineyard.store.protocol.json.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.util.retry.Retry;

/** What is asked about names. A server keeps names of what was deleted; here they count as gone. */
final class NameRequests {
  private static final int MOST_BYTES = 1024;
  private static final Duration FIRST_LOOK = Duration.ofMillis(2);
  private static final Duration LOOK_EVERY = Duration.ofMillis(50);

  private final RequestConnection connection;
  private final ObjectRequests objects;
  private final Results results;

  NameRequests(RequestConnection connection, ObjectRequests objects, Results results) {
    this.connection = connection;
    this.objects = objects;
    this.results = results;
  }

  private static void check(String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes < 1 || bytes > MOST_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a name of 1 to " + MOST_BYTES + " bytes in UTF-8, got one of " + bytes);
    }
    if (Trees.isNumber(name)) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected a name that is no number, which would damage the names of a Vineyard server,"
              + " got "
              + name);
    }
  }

  /** Names an object, which is persisted first. */
  CompletableFuture<Boolean> put(ObjectId id, String name) {
    check(name);
    if (id.isBlob()) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected an object: a Vineyard server names no blob by itself, got " + id);
    }
    return objects
        .persist(id)
        .thenCompose(done -> connection.ask(new Request.PutName(id, name), reply -> true));
  }

  /** Finds what has a name now. */
  CompletableFuture<ObjectId> find(String name) {
    check(name);
    return connection
        .ask(new Request.GetName(name, false), reply -> ((Reply.Named) reply).id())
        .thenCompose(id -> objects.exists(id).thenApply(exists -> checkFound(id, exists)))
        .exceptionallyCompose(error -> CompletableFuture.failedFuture(notFound(name, error)));
  }

  private static ObjectId checkFound(ObjectId id, boolean exists) {
    if (!exists) {
      throw VineyardException.of(ErrorCode.OBJECT_NOT_EXISTS, id + " was deleted");
    }
    return id;
  }

  private static Throwable notFound(String name, Throwable error) {
    Throwable cause = Results.cause(error);
    return cause instanceof VineyardException e && e.code() == ErrorCode.OBJECT_NOT_EXISTS
        ? VineyardException.of(
            ErrorCode.OBJECT_NOT_EXISTS, "expected the name \"" + name + "\", there is none", cause)
        : cause;
  }

  /**
   * Waits for a name, by asking again and again: a server never forgets who waits for a name that
   * does not come, and keeps the connection.
   */
  Mono<ObjectId> await(String name, Duration wait) {
    return results
        .of(() -> find(name))
        .retryWhen(
            Retry.backoff(Long.MAX_VALUE, FIRST_LOOK)
                .maxBackoff(LOOK_EVERY)
                .filter(NameRequests::isMissing))
        .timeout(
            wait,
            Mono.error(
                () ->
                    VineyardException.of(
                        ErrorCode.TIMEOUT,
                        "expected the name \"" + name + "\" within " + wait + ", it did not come")),
            Schedulers.parallel());
  }

  private static boolean isMissing(Throwable error) {
    return error instanceof VineyardException e && e.code() == ErrorCode.OBJECT_NOT_EXISTS;
  }

  /** Takes a name away; says whether there was one. */
  CompletableFuture<Boolean> drop(String name) {
    return find(name)
        .handle((id, error) -> error == null ? id : Results.cause(error))
        .thenCompose(found -> dropFound(name, found));
  }

  private CompletableFuture<Boolean> dropFound(String name, Object found) {
    if (found instanceof VineyardException error && !isMissing(error)) {
      return CompletableFuture.failedFuture(error);
    }
    boolean was = found instanceof ObjectId;
    return connection.ask(new Request.DropName(name), reply -> was);
  }
}
