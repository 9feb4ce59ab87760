package io.vineyard.samples;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** Streams 200,000 flights from a writer's process to a reader's. */
@Command(
    name = "quickstart",
    description = "Streams 200,000 flights from a writer's process to a reader's.")
final class Quickstart implements Callable<Integer> {
  @Override
  public Integer call() {
    System.err.println("Not written yet.");
    return ExitCode.SOFTWARE;
  }
}
