package io.vineyard.samples.pipeline;

import io.vineyard.samples.Arguments;
import io.vineyard.samples.pipeline.Rows.Group;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Passes flights through three processes: a source, a filter with a join, and a sink. */
@Command(
    name = "pipeline",
    description = "Passes flights through three processes: a source, a filter and join, a sink.")
public final class Pipeline implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int MOST_WINDOW = 1 << 16;
  private static final long FILE_ROWS = 200_000;
  private static final long FILE_LATE = 94_301;
  private static final long FILE_LATE_DELAY = 2_495_793;

  @Option(names = "--repeat", paramLabel = "N", description = "Sends the file this many times.")
  private int repeat = 50;

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Batches that a stage may be ahead of the next one.")
  private int window = 64;

  @Spec private @Nullable CommandSpec command;

  @Override
  public Integer call() throws IOException {
    Arguments.check(command, "--repeat", repeat >= 1, "at least 1", repeat);
    Arguments.check(
        command, "--window", window >= 1 && window <= MOST_WINDOW, "1 to " + MOST_WINDOW, window);
    Path flights = Path.of(System.getProperty("samples.home"), "data", "flights-200k.arrow");
    Arguments.requireFile(flights);
    Path folder = Files.createTempDirectory("vineyard");
    BoundServer server = VineyardServer.create().socket(folder.resolve("store.sock")).bindNow();
    // runs at Ctrl-C as well
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, folder)));
    try (ObjectStore store = server.connectNow();
        Run run = new Run(store, window)) {
      return print(run.groups(server.socket(), flights, repeat));
    }
  }

  private static void stop(BoundServer server, Path folder) {
    server.disposeNow(PATIENCE);
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Prints what came out, and returns 0 if it is right. */
  private int print(List<Group> groups) {
    System.out.printf("%-12s %12s %12s%n", "part of day", "late flights", "mean delay");
    long late = 0;
    long delay = 0;
    for (Group group : groups) {
      System.out.printf(
          "%-12s %,12d %8.1f min%n",
          group.part(), group.flights(), (double) group.delay() / group.flights());
      late += group.flights();
      delay += group.delay();
    }
    System.out.printf(
        "%d of %d flights were late, sum(delay) = %d%n", late, repeat * FILE_ROWS, delay);
    if (late != repeat * FILE_LATE || delay != repeat * FILE_LATE_DELAY) {
      System.err.printf("expected %d times the sums of one file%n", repeat);
      return 1;
    }
    return 0;
  }
}
