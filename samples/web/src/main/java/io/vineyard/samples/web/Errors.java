package io.vineyard.samples.web;

import io.vineyard.store.VineyardException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.server.ResponseStatusException;

/** Says in a line what is wrong, if the response has not begun. */
@RestControllerAdvice
class Errors {

  @ExceptionHandler
  ResponseEntity<String> noProducer(NoProducerException error) {
    return line(HttpStatus.SERVICE_UNAVAILABLE, error.getMessage());
  }

  @ExceptionHandler
  ResponseEntity<String> wrong(ResponseStatusException error) {
    return line(HttpStatus.valueOf(error.getStatusCode().value()), error.getReason());
  }

  @ExceptionHandler
  ResponseEntity<String> store(VineyardException error) {
    HttpStatus status =
        switch (error.code()) {
          case OBJECT_NOT_EXISTS, TIMEOUT -> HttpStatus.NOT_FOUND;
          case STREAM_OPENED, INVALID_STREAM_STATE -> HttpStatus.CONFLICT;
          case WRITER_LOST -> HttpStatus.SERVICE_UNAVAILABLE;
          case ARROW_ERROR, END_OF_FILE, SCHEMA_MISMATCH -> HttpStatus.BAD_REQUEST;
          default -> HttpStatus.INTERNAL_SERVER_ERROR;
        };
    return line(status, error.getMessage());
  }

  private static ResponseEntity<String> line(HttpStatus status, String text) {
    return ResponseEntity.status(status)
        .contentType(MediaType.TEXT_PLAIN)
        .body(text + "\n");
  }
}
