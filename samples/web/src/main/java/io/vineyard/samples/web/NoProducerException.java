package io.vineyard.samples.web;

/** Nobody is there to write flights. */
final class NoProducerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  NoProducerException(ProducerState state) {
    super(state.describe() + " POST /producer starts another one.");
  }
}
