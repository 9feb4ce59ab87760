package io.vineyard.store.server;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.StoreLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * A store that other processes of this machine attach to through a Unix socket. Needs Linux.
 *
 * <p>Immutable; each setter returns a copy.
 *
 * <pre>{@code
 * BoundServer server = VineyardServer.create().socket(path).capacity(2L << 30).bindNow();
 * ObjectStore store = server.connectNow(); // a client in this JVM, without the socket
 * }</pre>
 */
public final class VineyardServer {
  /** The capacity of a store unless told otherwise: 1 GiB. */
  public static final long DEFAULT_CAPACITY_BYTES = 1L << 30;

  private static final VineyardServer DEFAULT =
      new VineyardServer(
          null, DEFAULT_CAPACITY_BYTES, StoreLimits.DEFAULT_SEGMENT_BYTES, ServerConfig.KEEP_FREED);

  private final @Nullable Path socket;
  private final long capacityBytes;
  private final long segmentBytes;

  private final Duration keepFreed;

  private VineyardServer(
      @Nullable Path socket, long capacityBytes, long segmentBytes, Duration keepFreed) {
    this.socket = socket;
    this.capacityBytes = capacityBytes;
    this.segmentBytes = segmentBytes;
    this.keepFreed = keepFreed;
  }

  /** Begins with the defaults: 1 GiB in segments of 64 MiB. A socket is still to be chosen. */
  public static VineyardServer create() {
    return DEFAULT;
  }

  /** Sets the path of the socket, at most 107 bytes; its folder must exist. */
  public VineyardServer socket(Path path) {
    Objects.requireNonNull(path, "path");
    return new VineyardServer(path, capacityBytes, segmentBytes, keepFreed);
  }

  /** Sets the most memory that the store may use, in bytes. */
  public VineyardServer capacity(long bytes) {
    return new VineyardServer(socket, bytes, segmentBytes, keepFreed);
  }

  /** Sets the usual capacity of a segment, in bytes. */
  public VineyardServer segmentBytes(long bytes) {
    return new VineyardServer(socket, capacityBytes, bytes, keepFreed);
  }

  /**
   * Sets how long memory that Vineyard's own clients have freed is kept for the next of them, 5
   * minutes unless told otherwise: new memory has to be cleared by the system, which costs a client
   * more than filling it. In the store it counts as free after a second, and goes when anybody asks
   * the store for more than the rest, or the machine has no other; other processes do not get it.
   *
   * @param time from the moment that it was freed; {@link Duration#ZERO} keeps it for about a
   *     second
   * @throws VineyardException with {@link ErrorCode#INVALID} if it is negative
   */
  public VineyardServer keepFreed(Duration time) {
    Objects.requireNonNull(time, "time");
    if (time.isNegative()) {
      throw VineyardException.of(
          ErrorCode.INVALID, "expected a time of at least 0 to keep freed memory, got " + time);
    }
    return new VineyardServer(socket, capacityBytes, segmentBytes, time);
  }

  /**
   * Opens a new store and listens; the caller disposes the server.
   *
   * <p>The socket file is for its owner alone. A file that a dead server left is taken over.
   *
   * <p>Fails with {@link ErrorCode#INVALID} without a socket, or if its path is too long; with
   * {@link ErrorCode#CONNECTION_FAILED} if a live server listens there; with {@link
   * ErrorCode#IO_ERROR} if its folder is missing or not writable, or if another file is in its
   * place; with {@link ErrorCode#UNSUPPORTED} elsewhere than on Linux.
   */
  public Mono<BoundServer> bind() {
    return Mono.fromCallable(this::listen).subscribeOn(Schedulers.boundedElastic());
  }

  /** The same as {@link #bind()}, and waits for it. */
  public BoundServer bindNow() {
    return listen();
  }

  private BoundServer listen() {
    if (socket == null) {
      throw VineyardException.of(ErrorCode.INVALID, "expected a path for the socket, got none");
    }
    StoreLimits limits = StoreLimits.of(capacityBytes, segmentBytes);
    return EpollServer.bind(ServerConfig.of(socket, limits, keepFreed));
  }
}
