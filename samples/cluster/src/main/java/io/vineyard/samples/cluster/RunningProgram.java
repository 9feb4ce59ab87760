package io.vineyard.samples.cluster;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process that writes what it says into a file. */
record RunningProgram(Process process, Path log) implements AutoCloseable {
  private static final int END_SECONDS = 5;

  /** Starts a program, which leaves files in this folder only. */
  static RunningProgram start(Path folder, String name, List<String> command) throws IOException {
    Path log = folder.resolve(name + ".log");
    ProcessBuilder starting = new ProcessBuilder(command).redirectErrorStream(true);
    starting.environment().put("TMPDIR", folder.toString()); // where it keeps more of them
    starting.directory(folder.toFile()).redirectOutput(log.toFile());
    return new RunningProgram(starting.start(), log);
  }

  /** Returns a port that nobody listens on. */
  static int freePort() throws IOException {
    try (ServerSocket any = new ServerSocket(0)) {
      return any.getLocalPort();
    }
  }

  boolean endsWithin(int millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /** Returns what it said last, and whether it runs. */
  String lastWords() throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      String last = lines.reduce("nothing", (before, line) -> line);
      return (process.isAlive() ? "it runs, and says " : "it ended, saying ") + last;
    }
  }

  /** Asks it to end, and makes it. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }
}
