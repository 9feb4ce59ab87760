package io.vineyard.store.process;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A server on a socket in a JVM of its own. Whoever starts it closes it, which removes its folder.
 */
public final class StoreProcess implements AutoCloseable {
  private final Path folder;
  private final Path socket;
  private final ChildJvm child;

  private StoreProcess(Path folder, Path socket, ChildJvm child) {
    this.folder = folder;
    this.socket = socket;
    this.child = child;
  }

  /** Starts a server with a capacity and a usual capacity of its segments, in bytes. */
  public static StoreProcess start(long capacityBytes, long segmentBytes) {
    return start(capacityBytes, segmentBytes, List.of());
  }

  /** Starts a server that logs into a file, and only there. */
  public static StoreProcess startLogging(long capacityBytes, long segmentBytes, Path file) {
    return start(
        capacityBytes,
        segmentBytes,
        List.of("-Dlogback.configurationFile=logback-file.xml", "-Dlog.file=" + file));
  }

  private static StoreProcess start(long capacityBytes, long segmentBytes, List<String> options) {
    Path folder;
    try {
      folder = Files.createTempDirectory("vineyard");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Path socket = folder.resolve("store.sock");
    ChildJvm child = ChildJvm.start(options, Main.class, socket, capacityBytes, segmentBytes);
    StoreProcess store = new StoreProcess(folder, socket, child);
    try {
      child.expect("listening");
      return store;
    } catch (AssertionError e) {
      store.close();
      throw e;
    }
  }

  /** Returns the path of the socket. */
  public Path socket() {
    return socket;
  }

  /** Returns the process, to count its descriptors or to kill it. */
  public ChildJvm child() {
    return child;
  }

  /** Attaches a new client; the caller closes it. */
  public ObjectStore connectNow() {
    return VineyardClient.create().socket(socket).connectNow();
  }

  /** Has the server disposed, and waits until its process has ended. */
  public void disposeNow() {
    child.endInput();
    int code = child.awaitExit();
    if (code != 0) {
      throw new AssertionError("expected " + child + " to end with 0, got " + code);
    }
  }

  @Override
  public void close() {
    child.close();
    try {
      for (Path file : List.of(socket, folder)) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return child + " at " + socket;
  }

  /** Runs in the child. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      BoundServer server =
          VineyardServer.create()
              .socket(Path.of(arguments[0]))
              .capacity(Long.parseLong(arguments[1]))
              .segmentBytes(Long.parseLong(arguments[2]))
              .bindNow();
      ParentLines.say("listening");
      String line = ParentLines.hear();
      while (line != null) {
        ParentLines.say("expected no line, got " + line);
        line = ParentLines.hear();
      }
      server.disposeNow(Duration.ofSeconds(5));
    }
  }
}
