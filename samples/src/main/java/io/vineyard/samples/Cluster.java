package io.vineyard.samples;

import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Moves a table and a stream from one instance of a Vineyard cluster to another. */
@Command(
    name = "cluster",
    description = "Moves a table and a stream from one instance of a Vineyard cluster to another.")
final class Cluster implements Callable<Integer> {
  private static final int LEAST_TABLE_BYTES = 8;

  @Option(
      names = "--vineyard",
      paramLabel = "VENV",
      description = "A Python environment with vineyard; else VINEYARD_VENV, or the PATH.")
  private @Nullable Path vineyard;

  @Option(
      names = "--servers",
      paramLabel = "SOCKET",
      arity = "2",
      description = "Takes two servers that run, and starts none.")
  private List<Path> servers = List.of();

  @Option(names = "--batches", paramLabel = "N", description = "How many batches are streamed.")
  private int batches = 10_000;

  @Option(
      names = "--table",
      paramLabel = "BYTES",
      converter = Arguments.Bytes.class,
      description = "How large the table is, like 64m or 1g.")
  private long tableBytes = 64L << 20;

  @Spec private @Nullable CommandSpec command;

  @Override
  public Integer call() throws Exception {
    Arguments.check(command, "--batches", batches >= 1, "at least 1", batches);
    Arguments.check(
        command, "--table", isTable(tableBytes), "8 to 2,147,483,640 bytes", tableBytes);
    ClusterApp app =
        ServiceLoader.load(ClusterApp.class)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("it is not on the class path"));
    return servers.isEmpty()
        ? app.runOnVineyard(vineyard, batches, tableBytes)
        : app.runOnServers(servers.get(0), servers.get(1), batches, tableBytes);
  }

  private static boolean isTable(long bytes) {
    return bytes >= LEAST_TABLE_BYTES && bytes < Integer.MAX_VALUE;
  }
}
