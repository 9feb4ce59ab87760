package io.vineyard.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.arrow.RecordBatch;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.netty.ByteBufFlux;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientConfig;
import reactor.netty.http.client.HttpClientResponse;

/** The far side of a link: one pull of one stream. */
final class Pull {
  /** How long the first answer may take, which names that are resolved, and TLS, make longer. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final StreamBridge settings;
  private final URI source;
  private final RecordBatchStream target;
  private final HttpClient linked;
  private final LinkPulse pulse;
  private final AtomicLong batches = new AtomicLong();
  private final Sinks.Empty<Void> answered = Sinks.empty();
  private volatile @Nullable HttpHeaders trailer;

  Pull(StreamBridge settings, URI source, RecordBatchStream target) {
    this.settings = settings;
    this.source = source;
    this.target = target;
    this.pulse = new LinkPulse(settings.timeout());
    String link = UUID.randomUUID().toString();
    this.linked =
        settings
            .client()
            .disableRetry(true)
            .headers(headers -> headers.set(BridgeRoutes.LINK, link));
  }

  Mono<Void> run() {
    return ask().then(target.writer()).flatMap(this::write);
  }

  /** Finds out what can be found out before anything is taken or ended. */
  private Mono<Void> ask() {
    return settings
        .client()
        .head()
        .uri(source)
        .response()
        .timeout(PATIENCE)
        .flatMap(this::check)
        .onErrorMap(error -> typed(ErrorCode.CONNECTION_FAILED, "expected an answer", error));
  }

  private Mono<Void> check(HttpClientResponse response) {
    if (response.status().equals(HttpResponseStatus.OK)) {
      return Mono.empty();
    }
    VineyardException said = LinkFailure.of(response.responseHeaders(), link());
    return Mono.error(
        said != null
            ? said
            : VineyardException.of(
                ErrorCode.CONNECTION_FAILED,
                link() + ": expected a bridge, got the answer " + response.status()));
  }

  /** A silent link ends it at once, whatever is left to be taken of what has arrived. */
  private Mono<Void> write(StreamWriter<RecordBatch> writer) {
    return Mono.firstWithSignal(writer.write(received()), silence())
        .doOnError(writer::tryEmitError)
        .doFinally(end -> writer.close());
  }

  private Flux<RecordBatch> received() {
    return linked
        .get()
        .uri(source)
        .response(
            (response, body) -> check(response).thenMany(Flux.defer(() -> decode(response, body))))
        .doOnNext(batch -> batches.incrementAndGet())
        .onErrorMap(error -> typed(ErrorCode.CONNECTION_ERROR, "expected its end", error));
  }

  private Flux<RecordBatch> decode(HttpClientResponse response, ByteBufFlux body) {
    answered.tryEmitEmpty();
    response.trailerHeaders().subscribe(headers -> trailer = headers);
    return settings
        .decoder()
        .decode(body.retain().doOnNext(bytes -> pulse.seen()))
        .onErrorResume(error -> end().switchIfEmpty(Mono.error(error)))
        .concatWith(Mono.defer(this::end));
  }

  /** Ends as the body says that it was ended, once it has. */
  private Mono<RecordBatch> end() {
    HttpHeaders headers = trailer;
    VineyardException told = headers == null ? null : LinkFailure.of(headers, link());
    return told == null ? Mono.empty() : Mono.error(told);
  }

  /**
   * Asks whether the other side is there, from its answer on until all has arrived. That its store
   * is gone overtakes what has arrived, whether its readers have been told so or not.
   */
  private Mono<Void> silence() {
    return answered
        .asMono()
        .timeout(PATIENCE, Mono.error(this::silent))
        .thenMany(Flux.interval(Duration.ZERO, pulse.step(), timer()).onBackpressureDrop())
        .takeWhile(tick -> !isOver())
        .flatMap(tick -> pulse.isSilent() ? Mono.error(silent()) : pulse())
        .then(Mono.never());
  }

  private Scheduler timer() {
    HttpClientConfig config = settings.client().configuration();
    return LinkPulse.timer(config.loopResources().onClient(config.isPreferNative()).next());
  }

  private Mono<Void> pulse() {
    return linked
        .head()
        .uri(source)
        .response()
        .timeout(settings.timeout())
        .doOnNext(answer -> pulse.answered())
        .flatMap(this::check)
        .onErrorResume(TimeoutException.class, late -> Mono.empty())
        .onErrorMap(error -> typed(ErrorCode.CONNECTION_ERROR, "expected an answer", error))
        .onErrorResume(error -> isOver() ? Mono.empty() : Mono.error(error));
  }

  /** Returns whether all has arrived, so that the other side is not needed any more. */
  private boolean isOver() {
    HttpHeaders headers = trailer;
    return headers != null && !LinkFailure.isStoreLost(headers);
  }

  private VineyardException silent() {
    return VineyardException.of(
        ErrorCode.CONNECTION_ERROR,
        "%s: expected an answer in time, got none, after %d batches"
            .formatted(link(), batches.get()));
  }

  private Throwable typed(ErrorCode code, String expected, Throwable error) {
    return error instanceof VineyardException typed
            && String.valueOf(typed.getMessage()).startsWith(link())
        ? error
        : VineyardException.of(
            error instanceof VineyardException typed ? typed.code() : code,
            "%s: %s, after %d batches, got %s".formatted(link(), expected, batches.get(), error),
            error);
  }

  private String link() {
    return "link to " + source;
  }
}
