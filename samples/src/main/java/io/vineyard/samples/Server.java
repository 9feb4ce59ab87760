package io.vineyard.samples;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;

/** Serves a store on a Unix socket until it is told to end. */
@Command(name = "server", description = "Serves a store on a Unix socket until it is told to end.")
final class Server implements Callable<Integer> {
  @Override
  public Integer call() {
    System.err.println("Not written yet.");
    return ExitCode.SOFTWARE;
  }
}
