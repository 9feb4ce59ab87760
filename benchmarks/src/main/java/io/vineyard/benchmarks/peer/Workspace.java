package io.vineyard.benchmarks.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder for sockets and shared files, in memory where there is room; deleted at the end. */
public record Workspace(Path folder) implements AutoCloseable {
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final long LEAST_BYTES = 2L << 30;

  /** Makes a folder, with a short name because it takes sockets. */
  public static Workspace create() throws IOException {
    boolean roomy =
        Files.isWritable(SHARED_MEMORY)
            && Files.getFileStore(SHARED_MEMORY).getUsableSpace() >= LEAST_BYTES;
    Workspace workspace =
        new Workspace(
            roomy
                ? Files.createTempDirectory(SHARED_MEMORY, "vyb")
                : Files.createTempDirectory("vyb"));
    // Also when somebody ends this with Ctrl-C, for it is memory.
    Runtime.getRuntime().addShutdownHook(new Thread(workspace::close, "workspace"));
    return workspace;
  }

  /** Makes a folder for one peer. */
  Path folderOf(String peer) throws IOException {
    return Files.createDirectories(folder.resolve(peer));
  }

  @Override
  public void close() {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
      for (Path path : all) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
