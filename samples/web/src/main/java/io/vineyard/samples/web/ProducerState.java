package io.vineyard.samples.web;

import org.jspecify.annotations.Nullable;

/**
 * How the producer is.
 *
 * @param pid its process
 * @param alive whether it lives
 * @param exitCode what its process ended with: 128 and the signal, if it was killed
 */
record ProducerState(long pid, boolean alive, @Nullable Integer exitCode) {

  /** Says how it ended. */
  String describe() {
    return "The producer, process " + pid + ", " + (alive ? "is running." : ending());
  }

  private String ending() {
    return exitCode != null && exitCode > 128
        ? "was killed by signal " + (exitCode - 128) + "."
        : "has ended with exit code " + exitCode + ".";
  }
}
