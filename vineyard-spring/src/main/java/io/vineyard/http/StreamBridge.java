package io.vineyard.http;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import reactor.core.publisher.Mono;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * Pumps streams of record batches from the store of one machine to that of another, over HTTP.
 *
 * <pre>{@code
 * // where the writer is
 * HttpServer.create().port(8080).route(StreamBridge.create().serve(store)).bindNow();
 *
 * // where the readers are
 * RecordBatchStream flights = RecordBatchStream.create(store, StreamSpec.named("flights")).block();
 * StreamBridge.create().pull(URI.create("http://there:8080/streams/flights"), flights).subscribe();
 * }</pre>
 *
 * <p>Demand goes from end to end: the far side takes from the connection what the window of its own
 * stream has room for, the near side takes from its stream what the connection does, and so a slow
 * reader holds the writer. Ahead of the reader are, besides the two windows, what the sockets hold,
 * and 1 MiB (see {@link BatchBodyEncoder#mostInFlight}).
 *
 * <p>Batches arrive once, in order, or the link fails: it is not resumed. While it lasts, the far
 * side asks the near side five times per {@link #timeout} whether it is there. When a store, a
 * process or the network between them is lost, each side that is left learns within that time, or
 * five times that if the first question has not been answered yet:
 *
 * <ul>
 *   <li>At the far side the result of {@link #pull} fails with an error that names the link, {@link
 *       ErrorCode#CONNECTION_ERROR} unless this side's store is what was lost, and so does the
 *       stream, for its readers after what had arrived.
 *   <li>At the near side a stream of which something was sent is dropped, so that its writer gets
 *       {@link ErrorCode#STREAM_DROPPED}, and nobody goes on in the middle. A stream of which
 *       nothing was sent stays as it was, for whoever pulls next.
 * </ul>
 *
 * <p>A stream that its writer fails ends at the far side with the same code, after all batches.
 *
 * <p>Immutable; each setter returns a copy. Needs Reactor Netty's HTTP on the class path.
 */
public final class StreamBridge {
  /** How long the other side may be silent unless told otherwise: 1 s. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(1);

  private static final Duration LEAST_TIMEOUT = Duration.ofMillis(10);
  private static final StreamBridge DEFAULT =
      new StreamBridge(
          DEFAULT_TIMEOUT,
          BatchBodyEncoder.create(),
          BatchBodyDecoder.create(),
          HttpClient.create());

  private final Duration timeout;
  private final BatchBodyEncoder encoder;
  private final BatchBodyDecoder decoder;
  private final HttpClient client;

  private StreamBridge(
      Duration timeout, BatchBodyEncoder encoder, BatchBodyDecoder decoder, HttpClient client) {
    this.timeout = timeout;
    this.encoder = encoder;
    this.decoder = decoder;
    this.client = client;
  }

  /** Begins with the defaults. */
  public static StreamBridge create() {
    return DEFAULT;
  }

  /**
   * Sets how long the other side may be silent before the link fails; both sides should have the
   * same. It must be longer than any pause of either process.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} below 10 ms
   */
  public StreamBridge timeout(Duration silence) {
    if (silence.compareTo(LEAST_TIMEOUT) < 0) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a timeout of at least " + LEAST_TIMEOUT + ", got " + silence);
    }
    return new StreamBridge(silence, encoder, decoder, client);
  }

  /** Sets how the near side sends: with compression, for example. The format is Arrow's always. */
  public StreamBridge encoder(BatchBodyEncoder value) {
    return new StreamBridge(timeout, value.format(BodyFormat.ARROW), decoder, client);
  }

  /** Sets how the far side reads: how large a batch may be, for example. */
  public StreamBridge decoder(BatchBodyDecoder value) {
    return new StreamBridge(timeout, encoder, Objects.requireNonNull(value, "decoder"), client);
  }

  /** Sets what the far side asks with: with TLS or headers of its own, for example. */
  public StreamBridge client(HttpClient value) {
    return new StreamBridge(timeout, encoder, decoder, Objects.requireNonNull(value, "client"));
  }

  /**
   * Makes the routes of the near side: {@code GET /streams/{name}} answers with the stream of that
   * name or id, as a body of Arrow's IPC format that any HTTP client can read.
   *
   * <p>Whoever asks is the reader of the stream; one that leaves before its end leaves it dropped,
   * as described above. Only links of {@link #pull} are watched. The server must go on until those
   * who pull have completed: what is under way then would be lost.
   *
   * @param store where the streams are; stays the caller's
   */
  public Consumer<HttpServerRoutes> serve(ObjectStore store) {
    return new BridgeRoutes(this, Objects.requireNonNull(store, "store"));
  }

  /**
   * Pumps a stream of another machine into one of this machine, and ends that as the other ends.
   *
   * <p>Lazy. Completes when all batches are published, which does not wait for readers. Cancelling
   * cuts the link, and the stream fails with {@link ErrorCode#WRITER_LOST}. Nothing has happened
   * yet, and it can be tried again, if it fails
   *
   * <ul>
   *   <li>with {@link ErrorCode#CONNECTION_FAILED}, because nobody that serves streams answers;
   *   <li>with {@link ErrorCode#OBJECT_NOT_EXISTS} or {@link ErrorCode#STREAM_OPENED}, because
   *       there is no such stream, or it has a reader;
   *   <li>or as {@link RecordBatchStream#writer()} does.
   * </ul>
   *
   * <p>After any other error, as described above, the stream has ended.
   *
   * @param source where the other side serves the stream
   * @param target a stream that has no writer yet
   */
  public Mono<Void> pull(URI source, RecordBatchStream target) {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    return Mono.defer(() -> new Pull(this, source, target).run());
  }

  Duration timeout() {
    return timeout;
  }

  BatchBodyEncoder encoder() {
    return encoder;
  }

  BatchBodyDecoder decoder() {
    return decoder;
  }

  HttpClient client() {
    return client;
  }
}
