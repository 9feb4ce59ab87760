package io.vineyard.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;

/**
 * The near side of a bridge. {@code GET} sends a stream. {@code HEAD} answers whether {@code GET}
 * would, or, with the name of a link, whether that is alive, and keeps it so.
 */
final class BridgeRoutes implements Consumer<HttpServerRoutes> {
  /** The header with the name of a link, which the far side makes up. */
  static final String LINK = "Vineyard-Link";

  private static final Logger log = LoggerFactory.getLogger(BridgeRoutes.class);
  private static final String STREAM = "stream";
  private static final String PATH = "/streams/{" + STREAM + "}";
  private static final Pattern ID = Pattern.compile("o[0-9a-f]{16}");

  private final StreamBridge settings;
  private final ObjectStore store;
  private final Map<String, Sending> links = new ConcurrentHashMap<>();

  BridgeRoutes(StreamBridge settings, ObjectStore store) {
    this.settings = settings;
    this.store = store;
  }

  @Override
  public void accept(HttpServerRoutes routes) {
    routes.get(PATH, this::send).head(PATH, this::tell);
  }

  private Mono<RecordBatchStream> open(HttpServerRequest request) {
    return Mono.defer(
            () -> {
              // of the path, it is still encoded
              String stream = URI.create(String.valueOf(request.param(STREAM))).getPath();
              return ID.matcher(stream).matches()
                  ? RecordBatchStream.open(store, ObjectId.parse(stream))
                  : RecordBatchStream.open(store, stream);
            })
        .onErrorMap(
            IllegalArgumentException.class,
            illegal ->
                VineyardException.of(
                    ErrorCode.INVALID, "expected the name of a stream, got " + request.uri()));
  }

  private Mono<Void> send(HttpServerRequest request, HttpServerResponse response) {
    return open(request)
        .map(stream -> new Sending(stream).send(request, response))
        .onErrorResume(VineyardException.class, error -> Mono.just(refuse(response, error)))
        .flatMap(Function.identity());
  }

  private Mono<Void> tell(HttpServerRequest request, HttpServerResponse response) {
    String link = request.requestHeaders().get(LINK);
    if (link != null) {
      return keep(links.get(link), response);
    }
    return open(request)
        .flatMap(RecordBatchStream::info)
        .map(info -> info.hasReader() ? refuse(response, hasReader(info)) : response.send())
        .onErrorResume(VineyardException.class, error -> Mono.just(refuse(response, error)))
        .flatMap(Function.identity());
  }

  private static VineyardException hasReader(StreamInfo info) {
    return VineyardException.of(
        ErrorCode.STREAM_OPENED, "expected " + info.describe() + " without a reader, it has one");
  }

  /**
   * What ends a stream is told behind what it still has, but that the store is gone is told at
   * once.
   */
  private static Mono<Void> keep(@Nullable Sending link, HttpServerResponse response) {
    if (link == null) {
      return gone(
          response,
          VineyardException.of(
              ErrorCode.CONNECTION_ERROR, "expected a link that is alive, it was given up"));
    }
    link.pulse.answered();
    return link.stream
        .info()
        .map(info -> response.send())
        .onErrorResume(
            VineyardException.class,
            error ->
                Mono.just(
                    error.code() == ErrorCode.STORE_LOST ? gone(response, error) : response.send()))
        .flatMap(Function.identity());
  }

  private static Mono<Void> gone(HttpServerResponse response, VineyardException error) {
    LinkFailure.set(response.responseHeaders(), error);
    return response.status(HttpResponseStatus.GONE).send();
  }

  private static Mono<Void> refuse(HttpServerResponse response, VineyardException error) {
    LinkFailure.set(response.responseHeaders(), error);
    return response.status(LinkFailure.status(error)).send();
  }

  /** A stream on its way out. */
  private final class Sending {
    private final RecordBatchStream stream;
    private final LinkPulse pulse = new LinkPulse(settings.timeout());
    private volatile boolean begun;
    private volatile boolean over;
    private volatile @Nullable Throwable failure;

    Sending(RecordBatchStream stream) {
      this.stream = stream;
    }

    Mono<Void> send(HttpServerRequest request, HttpServerResponse response) {
      String link = request.requestHeaders().get(LINK);
      if (link != null) {
        links.put(link, this);
        request.withConnection(connection -> watch(link, connection.channel()));
      }
      return response
          .header(HttpHeaderNames.CONTENT_TYPE, BodyFormat.ARROW.mediaType())
          .header(HttpHeaderNames.TRAILER, LinkFailure.HEADER)
          .trailerHeaders(this::tell)
          .send(body(response))
          .then();
    }

    private Flux<ByteBuf> body(HttpServerResponse response) {
      Flux<RecordBatch> batches = stream.reader().doOnNext(batch -> begun = true);
      return settings
          .encoder()
          .encode(batches, response.alloc())
          .doFinally(this::ended)
          .onErrorResume(
              error -> {
                failure = error; // for the trailer, which comes after a body that ends well
                return Mono.empty();
              });
    }

    private void tell(HttpHeaders trailer) {
      Throwable error = failure;
      if (error != null) {
        LinkFailure.set(trailer, error);
      }
    }

    /** What was sent is not in the stream any more, so nobody must take what is left for all. */
    private void ended(SignalType end) {
      over = true;
      if (end != SignalType.ON_COMPLETE && begun) {
        stream
            .drop()
            .subscribe(dropped -> {}, error -> log.debug("{} could not be dropped", stream, error));
      }
    }

    /** Waits for a silence, and, unless all is sent, closes the connection. */
    private void watch(String link, Channel channel) {
      Flux.interval(pulse.step(), LinkPulse.timer(channel.eventLoop()))
          .onBackpressureDrop()
          .filter(tick -> pulse.isSilent())
          .next()
          .subscribe(
              silent -> {
                links.remove(link, this);
                if (!over) {
                  log.debug("{}: a link is silent, and cut", stream);
                  channel.close();
                }
              });
    }
  }
}
