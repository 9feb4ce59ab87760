package io.vineyard.store.client;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Handover;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A client of a store that another process serves on a Unix socket. Needs Linux.
 *
 * <p>Immutable; each setter returns a copy.
 *
 * <pre>{@code
 * try (ObjectStore store = VineyardClient.create().socket(path).connectNow()) {
 *   store.status().subscribe(System.out::println);
 * }
 * }</pre>
 */
public final class VineyardClient {
  private static final int MOST_PATH_BYTES = 107;
  private static final VineyardClient DEFAULT =
      new VineyardClient(null, Duration.ofSeconds(10), "java");

  private final @Nullable Path socket;
  private final Duration connectTimeout;
  private final String name;

  private VineyardClient(@Nullable Path socket, Duration connectTimeout, String name) {
    this.socket = socket;
    this.connectTimeout = connectTimeout;
    this.name = name;
  }

  /** Begins with the defaults: a timeout of 10 s. A socket is still to be chosen. */
  public static VineyardClient create() {
    return DEFAULT;
  }

  /** Sets the path of the server's socket, at most 107 bytes. */
  public VineyardClient socket(Path path) {
    return new VineyardClient(Objects.requireNonNull(path, "path"), connectTimeout, name);
  }

  /** Sets how long connecting may take. */
  public VineyardClient connectTimeout(Duration timeout) {
    return new VineyardClient(socket, Objects.requireNonNull(timeout, "timeout"), name);
  }

  /** Sets the name of the client, for the messages that others get about it. */
  public VineyardClient name(String value) {
    return new VineyardClient(socket, connectTimeout, Objects.requireNonNull(value, "name"));
  }

  Duration connectTimeout() {
    return connectTimeout;
  }

  String name() {
    return name;
  }

  /**
   * Attaches a new client when it is subscribed; the subscriber closes it.
   *
   * <p>Fails with {@link ErrorCode#INVALID} without a socket, or if its path is too long; with
   * {@link ErrorCode#CONNECTION_FAILED} if there is no such file, if it is no socket, if it may not
   * be used by this user, or if nobody listens; with {@link ErrorCode#VERSION_MISMATCH}, saying
   * which versions there are; with {@link ErrorCode#TIMEOUT}; with {@link ErrorCode#UNSUPPORTED}
   * elsewhere than on Linux.
   */
  public Mono<ObjectStore> connect() {
    return Handover.mono(
        Schedulers.parallel(),
        result -> Schedulers.boundedElastic().schedule(() -> connect(result)),
        ObjectStore::close);
  }

  private void connect(Handover<ObjectStore> result) {
    try {
      new Connector(this, address(), result).start();
    } catch (VineyardException e) {
      result.fail(e);
    }
  }

  /** The same as {@link #connect()}, and waits for it. */
  public ObjectStore connectNow() {
    try {
      return Objects.requireNonNull(connect().toFuture().join(), "store");
    } catch (CompletionException e) {
      throw e.getCause() instanceof VineyardException cause
          ? VineyardException.of(cause.code(), String.valueOf(cause.getMessage()), cause)
          : e;
    }
  }

  private DomainSocketAddress address() {
    if (!Epoll.isAvailable()) {
      throw VineyardException.of(
          ErrorCode.UNSUPPORTED,
          "expected Linux for a client on a Unix socket: " + Epoll.unavailabilityCause(),
          Epoll.unavailabilityCause());
    }
    if (socket == null) {
      throw VineyardException.of(ErrorCode.INVALID, "expected a path of a socket, got none");
    }
    Path path = socket.toAbsolutePath();
    int size = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (size > MOST_PATH_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a socket path of at most "
              + MOST_PATH_BYTES
              + " bytes, got "
              + size
              + ": "
              + path);
    }
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw VineyardException.of(
          ErrorCode.CONNECTION_FAILED, "expected the socket of a store, there is no " + path);
    }
    if (Files.isRegularFile(path) || Files.isDirectory(path)) {
      throw VineyardException.of(
          ErrorCode.CONNECTION_FAILED, "expected a socket, " + path + " is another kind of file");
    }
    return new DomainSocketAddress(path.toFile());
  }
}
