package io.vineyard.benchmarks;

import io.vineyard.benchmarks.peer.EndFailedException;
import io.vineyard.benchmarks.peer.Installation;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures the hot parts alone. */
@Command(
    name = "micro",
    description = "Nanoseconds and garbage of the hot parts: codecs, memory, vectors, windows.")
final class Micro implements Callable<Integer> {
  private static final double SECONDS = 1;
  private static final double QUICK_SECONDS = 0.6;

  @Mixin private Settings settings;

  @Override
  public Integer call() throws Exception {
    settings.checkNoSetup();
    settings.reportOfOurs("micro");
    String classPath;
    try {
      classPath = Installation.classPathOf("micro");
    } catch (EndFailedException e) {
      throw new IllegalStateException("it was not built: " + e.getMessage(), e);
    }
    List<String> command =
        Installation.java(List.of(), classPath, "io.vineyard.benchmarks.micro.MicroMain");
    command.add(Boolean.toString(settings.isQuick()));
    command.add(Long.toString(settings.seconds(SECONDS, QUICK_SECONDS).toMillis()));
    command.add(Boolean.toString(settings.isJson()));
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
