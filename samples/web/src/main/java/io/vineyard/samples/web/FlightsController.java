package io.vineyard.samples.web;

import static io.vineyard.spring.VineyardMediaTypes.ARROW_STREAM_VALUE;
import static io.vineyard.spring.VineyardMediaTypes.CSV_VALUE;
import static org.springframework.http.MediaType.APPLICATION_JSON_VALUE;
import static org.springframework.http.MediaType.APPLICATION_NDJSON_VALUE;
import static org.springframework.http.MediaType.TEXT_EVENT_STREAM_VALUE;

import io.vineyard.store.arrow.RecordBatch;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** Flights in whatever form the client accepts. */
@RestController
class FlightsController {
  static final String STREAM = "Vineyard-Stream";

  private static final String ONCE = "1";

  private final Flights flights;

  FlightsController(Flights flights) {
    this.flights = flights;
  }

  @GetMapping(
      path = "/flights",
      produces = {
        CSV_VALUE,
        ARROW_STREAM_VALUE,
        APPLICATION_JSON_VALUE,
        APPLICATION_NDJSON_VALUE,
        TEXT_EVENT_STREAM_VALUE
      })
  Flux<RecordBatch> flights(
      @RequestParam(defaultValue = ONCE) long repeat, ServerHttpResponse response) {
    return flights.read(
        repeat, stream -> response.getHeaders().set(STREAM, stream.id().toString()));
  }

  @GetMapping(path = "/flights.arrow", produces = ARROW_STREAM_VALUE)
  Flux<RecordBatch> arrow(
      @RequestParam(defaultValue = ONCE) long repeat, ServerHttpResponse response) {
    return flights(repeat, response);
  }

  @GetMapping(path = "/flights.csv", produces = CSV_VALUE)
  Flux<RecordBatch> csv(
      @RequestParam(defaultValue = ONCE) long repeat, ServerHttpResponse response) {
    return flights(repeat, response);
  }

  @GetMapping(path = "/flights.json", produces = APPLICATION_JSON_VALUE)
  Flux<RecordBatch> json(
      @RequestParam(defaultValue = ONCE) long repeat, ServerHttpResponse response) {
    return flights(repeat, response);
  }
}
