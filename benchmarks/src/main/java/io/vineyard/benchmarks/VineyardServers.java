package io.vineyard.benchmarks;

import io.vineyard.benchmarks.peer.Installation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures two servers with Vineyard's own client, which is Python, and so is what measures. */
@Command(
    name = "vineyard",
    description = "The real vineyardd and this project's server, by Vineyard's own Python client.")
final class VineyardServers implements Callable<Integer> {
  private static final int ROUNDS = 5;
  private static final int QUICK_ROUNDS = 3;
  private static final double SECONDS = 2;
  private static final double QUICK_SECONDS = 0.5;
  private static final double NANOS_PER_SECOND = 1e9;

  @Mixin private Settings settings;

  @Option(
      names = "--venv",
      paramLabel = "DIR",
      description = "The Python environment, made if it is not there; else conformance/.venv.")
  private @Nullable Path venv;

  @Override
  public Integer call() throws Exception {
    settings.checkNoSetup();
    Path home = Installation.home();
    Path python = settings.environment(venv).resolve("bin").resolve("python");
    List<String> words = new ArrayList<>();
    words.add(python.toString());
    words.add(home.resolve("python").resolve("bench_servers.py").toString());
    words.add("--rounds=" + (settings.isQuick() ? QUICK_ROUNDS : ROUNDS));
    double seconds = settings.seconds(SECONDS, QUICK_SECONDS).toNanos() / NANOS_PER_SECOND;
    words.add("--seconds=" + seconds);
    if (settings.isJson()) {
      words.add("--json");
    }
    Process process = new ProcessBuilder(words).inheritIO().start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    return process.waitFor();
  }
}
