package io.vineyard.store.client;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.attach.Handover;
import io.vineyard.store.protocol.Shortage;
import io.vineyard.store.protocol.SocketPath;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A client of a store that another process serves on a Unix socket. Needs Linux.
 *
 * <p>The store may also be a Vineyard server (v6d 0.24), which does less than a store of this
 * project:
 *
 * <ul>
 *   <li>What is deleted is gone at once: its bytes may be overwritten under those who have leased
 *       them.
 *   <li>A blob is neither persisted nor named by itself, and an object that is named is persisted.
 *       Keys that are numbers or have a {@code /} or {@code ~}, names that are numbers, and type
 *       names of members with a dot are {@link ErrorCode#UNSUPPORTED}. Trees have at most 8,192
 *       objects, and the keys of what is got are in alphabetical order.
 *   <li>Of a stream it is not known how many chunks there are and who has opened it, and one that
 *       is gone was never there: {@link ErrorCode#OBJECT_NOT_EXISTS}. It has one writer and one
 *       reader in its life. A reader that leaves drops it; a reader that finds its end deletes it.
 *   <li>Chunks are made in memory of this process, copied into the server while the writer goes on,
 *       and out of it by the reader. The window counts what is not there yet and what the reader
 *       has not asked for; a reader asks for one chunk ahead of demand. Whether a chunk without
 *       bytes was read is known when a later one was; a window of nothing else counts as read. What
 *       a chunk carries for its reader besides its batch or bytes is lost, and so is all of a chunk
 *       that woke a reader which has died.
 *   <li>A writer whose process dies leaves its readers waiting, until they cancel. A writer finds
 *       out that its stream was dropped when it publishes, or when its own client drops it.
 *   <li>Batches that Vineyard can't hold go through streams in a form that only clients like this
 *       one read; {@link ObjectStore#put} refuses them.
 *   <li>What it would answer with more than 16 MiB, such as a long list of large objects, is {@link
 *       ErrorCode#LIMIT_REACHED}.
 *   <li>{@link io.vineyard.store.StoreStatus} tells of memory and connections only.
 * </ul>
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
   * which versions there are; with {@link ErrorCode#TIMEOUT}; with {@link ErrorCode#LIMIT_REACHED}
   * if this process, or the server, has run short of descriptors, threads or clients; with {@link
   * ErrorCode#UNSUPPORTED} elsewhere than on Linux.
   */
  public Mono<ObjectStore> connect() {
    return Handover.mono(
        Schedulers.parallel(),
        result -> Schedulers.boundedElastic().schedule(() -> connect(result)),
        ObjectStore::close);
  }

  private void connect(Handover<ObjectStore> result) {
    try {
      Connector.start(this, address(), result);
    } catch (VineyardException e) {
      result.fail(e);
    } catch (IllegalStateException | OutOfMemoryError e) {
      result.fail(
          VineyardException.of(
              Shortage.codeOf(e, ErrorCode.CONNECTION_FAILED),
              "expected the thread of this JVM's clients: " + e.getMessage(),
              e));
    }
  }

  /** The same as {@link #connect()}, and waits for it. */
  public ObjectStore connectNow() {
    // begins here, lest it wait for others in a pool, or even for the one who waits for it
    Mono<ObjectStore> store =
        Handover.mono(Schedulers.immediate(), this::connect, ObjectStore::close);
    return Objects.requireNonNull(Handover.join(store.toFuture()), "store");
  }

  /**
   * Returns a store that attaches when it is used: with the first call that is subscribed, and
   * again after the store was lost, so that it may be started after its users, and be restarted
   * under them. The caller closes it.
   *
   * <p>A call fails as {@link #connect()} does if the store can't be reached. What is in flight
   * when the store is lost (streams, requests, leases) fails with {@link
   * io.vineyard.store.StoreLostException} and is not repeated: a new store is an empty one. {@link
   * ObjectStore#onClose()} completes when the result is closed, and tells nothing of a store that
   * is lost; neither does {@link ObjectStore#isClosed()}.
   */
  public ObjectStore connectOnDemand() {
    return new OnDemandStore(connect());
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
    Path path = SocketPath.of(socket);
    String wrong = faultOf(path);
    if (wrong != null) {
      throw VineyardException.of(
          ErrorCode.CONNECTION_FAILED, "expected the socket of a store, " + wrong);
    }
    return new DomainSocketAddress(path.toFile());
  }

  private static @Nullable String faultOf(Path path) {
    try {
      if (!SocketPath.isSocket(path)) {
        return path + " is another kind of file";
      }
      return Files.isWritable(path) ? null : "this user may not connect to " + path;
    } catch (AccessDeniedException e) {
      return "this user may not look at " + path;
    } catch (IOException e) {
      return "there is no " + path;
    }
  }
}
