package io.vineyard.samples.web;

import static org.springframework.http.MediaType.TEXT_EVENT_STREAM_VALUE;

import java.time.Duration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** Running aggregates of flights, as server-sent events. */
@RestController
class LiveController {
  /** As fast as a person can follow: about a pass of all flights in a second. */
  private static final Duration PER_BATCH = Duration.ofMillis(100);

  private final Flights flights;

  LiveController(Flights flights) {
    this.flights = flights;
  }

  @GetMapping(path = "/live", produces = TEXT_EVENT_STREAM_VALUE)
  Flux<Aggregates> live(@RequestParam(defaultValue = "0") long repeat) {
    return flights
        .read(repeat, stream -> {})
        .scan(Aggregates.NONE, Aggregates::plus)
        .skip(1)
        .delayElements(PER_BATCH);
  }
}
