package io.vineyard.samples.web;

import static org.springframework.http.MediaType.APPLICATION_JSON_VALUE;
import static org.springframework.http.MediaType.TEXT_EVENT_STREAM_VALUE;

import io.vineyard.store.ObjectId;
import io.vineyard.store.ObjectStore;
import java.time.Duration;
import java.util.Optional;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Shows the producer, kills it, and starts another one. */
@RestController
@RequestMapping("/producer")
class ProducerController {
  private static final Duration PER_EVENT = Duration.ofMillis(200);

  private final ObjectStore store;
  private final Producers producers;

  ProducerController(ObjectStore store, Producers producers) {
    this.store = store;
    this.producers = producers;
  }

  @GetMapping(produces = APPLICATION_JSON_VALUE)
  ProducerState state() {
    return producers.state();
  }

  /** Tells several times a second how far it is with a stream. */
  @GetMapping(produces = TEXT_EVENT_STREAM_VALUE)
  Flux<Progress> progress(@RequestParam Optional<String> stream) {
    Mono<Optional<Progress.Written>> written =
        Mono.justOrEmpty(stream.map(ObjectId::parse))
            .flatMap(store::getStream)
            .map(info -> Optional.of(Progress.Written.of(info)))
            .onErrorComplete()
            .defaultIfEmpty(Optional.empty());
    return Flux.interval(Duration.ZERO, PER_EVENT)
        .onBackpressureDrop()
        .concatMap(tick -> written)
        .map(now -> new Progress(producers.state(), now.orElse(null)));
  }

  @PostMapping
  Mono<ProducerState> start() {
    return Mono.fromCallable(
            () -> {
              if (!producers.start()) {
                throw new ResponseStatusException(
                    HttpStatus.CONFLICT, producers.state().describe());
              }
              return producers.state();
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  @DeleteMapping
  void kill() {
    producers.kill();
  }
}
