package io.vineyard.samples;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** Passes 10 random batches from a producer to a consumer. */
@Command(
    name = "producer-consumer",
    description = "Passes 10 random batches from a producer to a consumer.")
final class ProducerConsumer implements Callable<Integer> {
  @Override
  public Integer call() {
    System.err.println("Not written yet.");
    return ExitCode.SOFTWARE;
  }
}
