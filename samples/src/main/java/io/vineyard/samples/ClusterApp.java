package io.vineyard.samples;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What {@code samples/run cluster} starts; only then it is on the class path. */
public interface ClusterApp {

  /**
   * Moves a table and a stream from one instance to another, and returns the exit code.
   *
   * @param vineyard where the real Vineyard is, null to look for it
   * @param batches how many batches are streamed
   * @param tableBytes how large the table is
   */
  int runOnVineyard(@Nullable Path vineyard, int batches, long tableBytes) throws Exception;

  /** Does the same with two servers that run, each at its socket. */
  int runOnServers(Path near, Path far, int batches, long tableBytes) throws Exception;
}
