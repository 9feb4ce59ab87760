package io.vineyard.store;

import io.vineyard.store.client.VineyardClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A Vineyard server that is none of ours, as a process. It is found in the Python environment that
 * {@code VINEYARD_VENV} names; without one, whoever needs it is skipped.
 */
public final class VineyardD implements AutoCloseable {
  private static final String VENV = "VINEYARD_VENV";

  private final Path folder;
  private final Process process;

  private VineyardD(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /** Starts a server with so much memory. */
  public static VineyardD start(long capacityBytes) {
    Path program = inVenv("vineyard", "bdist", "vineyardd");
    try {
      Path folder = Files.createTempDirectory("vineyardd");
      ProcessBuilder starting =
          new ProcessBuilder(
              program.toString(),
              "--socket",
              folder.resolve("s").toString(),
              "--meta",
              "local",
              "--size",
              String.valueOf(capacityBytes),
              "--rpc=false");
      starting.environment().put("TMPDIR", folder.toString());
      starting.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
      VineyardD server = new VineyardD(folder, starting.start());
      try {
        server.awaitReady();
      } catch (RuntimeException | Error e) {
        server.close();
        throw e;
      }
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path venv() {
    String named = System.getProperty(VENV, System.getenv(VENV));
    Assumptions.assumeTrue(named != null, "no Vineyard: " + VENV + " names no environment");
    return Path.of(Objects.requireNonNull(named));
  }

  private static Path inVenv(String... parts) {
    Path lib = venv().resolve("lib");
    try (Stream<Path> pythons = Files.list(lib)) {
      Path site = pythons.findFirst().orElseThrow().resolve("site-packages");
      Path found = site.resolve(Path.of("", parts));
      Assumptions.assumeTrue(Files.isExecutable(found), "no Vineyard: there is no " + found);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitReady() {
    Waits.until(
        () -> "a Vineyard server at " + socket() + ", it runs: " + process.isAlive(),
        () -> {
          try (ObjectStore store = VineyardClient.create().socket(socket()).connectNow()) {
            return store.status().block(Waits.PATIENCE) != null;
          } catch (VineyardException e) {
            return false;
          }
        });
  }

  /** Returns where it listens. */
  public Path socket() {
    return folder.resolve("s");
  }

  /** Returns its process. */
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /** Attaches a client. */
  public ObjectStore connect() {
    return VineyardClient.create().socket(socket()).connectNow();
  }

  /** Runs a Python program with Vineyard's own client, and returns what it printed. */
  public String python(String program) {
    try {
      Path script = Files.writeString(folder.resolve("script.py"), program);
      List<String> command = new ArrayList<>();
      command.add(venv().resolve("bin").resolve("python").toString());
      command.add(script.toString());
      command.add(socket().toString());
      Path out = folder.resolve("script.out");
      Process python =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start();
      if (!python.waitFor(60, TimeUnit.SECONDS)) {
        python.destroyForcibly();
        throw new AssertionError("expected the end of " + program);
      }
      String printed = Files.readString(out);
      if (python.exitValue() != 0) {
        throw new AssertionError("expected a good end of\n" + program + "\ngot " + printed);
      }
      return printed.strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Kills it, as a machine that is short of memory does. */
  public void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(10, TimeUnit.SECONDS);
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
