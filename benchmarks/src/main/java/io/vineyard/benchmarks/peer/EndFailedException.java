package io.vineyard.benchmarks.peer;

/** An end of a peer has failed, or does not run here; the message says in one line why. */
public final class EndFailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Says why. */
  public EndFailedException(String message) {
    super(message);
  }
}
