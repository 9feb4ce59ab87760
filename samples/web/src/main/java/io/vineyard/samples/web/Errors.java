package io.vineyard.samples.web;

import io.vineyard.store.VineyardException;
import java.nio.charset.StandardCharsets;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebExceptionHandler;
import reactor.core.publisher.Mono;

/** Says in a line what is wrong, unless the response has begun, which then breaks off. */
@Component
@Order(-2) // before that of Spring Boot
final class Errors implements WebExceptionHandler {

  @Override
  public Mono<Void> handle(ServerWebExchange exchange, Throwable error) {
    if (exchange.getResponse().isCommitted()) {
      return Mono.error(error);
    } else if (error instanceof NoProducerException) {
      return answer(exchange, HttpStatus.SERVICE_UNAVAILABLE, error.getMessage());
    } else if (error instanceof VineyardException e) {
      return answer(exchange, status(e), e.getMessage());
    } else if (error instanceof ResponseStatusException e) {
      return answer(exchange, e.getStatusCode(), e.getReason());
    }
    return Mono.error(error);
  }

  private static HttpStatus status(VineyardException error) {
    return switch (error.code()) {
      case INVALID, ARROW_ERROR, END_OF_FILE, SCHEMA_MISMATCH -> HttpStatus.BAD_REQUEST;
      case OBJECT_NOT_EXISTS, STREAM_DRAINED -> HttpStatus.NOT_FOUND;
      case STREAM_OPENED, INVALID_STREAM_STATE, STREAM_DROPPED -> HttpStatus.CONFLICT;
      case WRITER_LOST, LIMIT_REACHED, NOT_ENOUGH_MEMORY -> HttpStatus.SERVICE_UNAVAILABLE;
      default -> HttpStatus.INTERNAL_SERVER_ERROR;
    };
  }

  private static Mono<Void> answer(
      ServerWebExchange exchange, HttpStatusCode status, String reason) {
    var response = exchange.getResponse();
    response.setStatusCode(status);
    response
        .getHeaders()
        .setContentType(new MediaType(MediaType.TEXT_PLAIN, StandardCharsets.UTF_8));
    String line = (reason == null ? status.toString() : reason) + "\n";
    return response.writeWith(
        Mono.fromSupplier(
            () -> response.bufferFactory().wrap(line.getBytes(StandardCharsets.UTF_8))));
  }
}
