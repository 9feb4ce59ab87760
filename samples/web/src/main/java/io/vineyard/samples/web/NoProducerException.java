package io.vineyard.samples.web;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** Nobody is there to write flights. */
final class NoProducerException extends ResponseStatusException {
  private static final long serialVersionUID = 1;

  NoProducerException(ProducerState state) {
    super(HttpStatus.SERVICE_UNAVAILABLE, state.describe() + " POST /producer starts another one.");
  }
}
