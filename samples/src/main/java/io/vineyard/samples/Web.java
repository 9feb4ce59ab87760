package io.vineyard.samples;

import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Serves flights of a producer's process to browsers and others over HTTP. */
@Command(
    name = "web",
    description = "Serves flights of a producer's process to browsers and others over HTTP.")
final class Web implements Callable<Integer> {
  private static final int MOST_PORT = 65_535;

  @Option(
      names = "--port",
      paramLabel = "N",
      description = "Where it listens, on this machine only; ${DEFAULT-VALUE} unless set.")
  private int port = 8080;

  @Spec private @Nullable CommandSpec command;

  @Override
  public Integer call() throws Exception {
    Arguments.check(command, "--port", port >= 0 && port <= MOST_PORT, "0 to " + MOST_PORT, port);
    Path flights = Path.of(System.getProperty("samples.home"), "data", "flights-200k.arrow");
    Arguments.requireFile(flights);
    WebApp app =
        ServiceLoader.load(WebApp.class)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("it is not on the class path"));
    return app.serve(port, flights);
  }
}
