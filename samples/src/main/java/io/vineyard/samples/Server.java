package io.vineyard.samples;

import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Serves a store on a Unix socket until it is told to end. */
@Command(name = "server", description = "Serves a store on a Unix socket until it is told to end.")
final class Server implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      required = true,
      description = "Where it listens.")
  private @Nullable Path socket;

  @Option(
      names = "--capacity",
      paramLabel = "BYTES",
      converter = Arguments.Bytes.class,
      description = "The most memory that the store may use, like 512m or 2g.")
  private long capacityBytes = VineyardServer.DEFAULT_CAPACITY_BYTES;

  @Spec private @Nullable CommandSpec command;

  @Override
  public Integer call() {
    Arguments.check(command, "--capacity", capacityBytes >= 1, "at least 1", capacityBytes);
    Path path = Objects.requireNonNull(socket);
    BoundServer server = VineyardServer.create().socket(path).capacity(capacityBytes).bindNow();
    // runs at Ctrl-C and SIGTERM
    Thread stop =
        new Thread(
            () -> {
              server.disposeNow(PATIENCE);
              System.out.println("stopped listening on " + path);
            });
    Runtime.getRuntime().addShutdownHook(stop);
    System.out.println("listening on " + path + ", capacity " + capacityBytes + " bytes");
    server.onDispose().block();
    return 0;
  }
}
