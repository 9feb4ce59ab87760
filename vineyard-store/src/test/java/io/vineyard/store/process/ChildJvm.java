package io.vineyard.store.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JVM of its own with the class path of this one, that is talked to in lines: its standard input
 * is ours to write, its standard output ours to read. Its other side is {@link ParentLines}.
 *
 * <p>Whoever starts it closes it, which kills it if it has not ended. Every wait is bounded, and
 * fails with what was waited for and what the child wrote to its standard error.
 */
public final class ChildJvm implements AutoCloseable {
  /** How long a wait for a child may take, unless told otherwise. */
  public static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final List<String> SMALL =
      List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m");
  private static final int MOST_ERROR_LINES = 40;
  private static final Object END = new Object();

  private final String name;
  private final Process process;
  private final BlockingQueue<Object> lines = new LinkedBlockingQueue<>();
  private final Deque<String> errors = new ArrayDeque<>();
  private final List<Thread> pumps = new ArrayList<>();

  private ChildJvm(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /** Starts a small JVM with a main class. */
  public static ChildJvm start(Class<?> main, Object... arguments) {
    return start(List.of(), main, arguments);
  }

  /** Starts a small JVM with a main class and more options, which win over the usual ones. */
  public static ChildJvm start(List<String> options, Class<?> main, Object... arguments) {
    return start(List.of(), options, System.getProperty("java.class.path"), main, arguments);
  }

  /** Starts a small JVM with a main class and another class path. */
  public static ChildJvm startWith(String classPath, Class<?> main, Object... arguments) {
    return start(List.of(), List.of(), classPath, main, arguments);
  }

  /** Starts a small JVM of another user, with a class path that this user may read. */
  public static ChildJvm startAs(int user, String classPath, Class<?> main) {
    List<String> become =
        List.of("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups");
    return start(become, List.of(), classPath, main);
  }

  private static ChildJvm start(
      List<String> before,
      List<String> options,
      String classPath,
      Class<?> main,
      Object... arguments) {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SMALL);
    command.addAll(options);
    command.add(main.getName());
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    ProcessBuilder builder = new ProcessBuilder(command);
    // In the environment it may be longer than a command line.
    builder.environment().put("CLASSPATH", classPath);
    return start(main.getSimpleName(), builder);
  }

  /** Starts another program that is talked to in the same way. */
  public static ChildJvm startOther(List<String> command) {
    return start(Path.of(command.get(0)).getFileName().toString(), new ProcessBuilder(command));
  }

  private static ChildJvm start(String name, ProcessBuilder builder) {
    try {
      Process process = builder.start();
      ChildJvm child = new ChildJvm(name + " " + process.pid(), process);
      child.pump("out", process.getInputStream());
      child.pump("err", process.getErrorStream());
      return child;
    } catch (IOException e) {
      throw new IllegalStateException("expected to start " + builder.command(), e);
    }
  }

  private void pump(String kind, InputStream stream) {
    Thread pump = new Thread(() -> read(kind, stream), name + " " + kind);
    pump.setDaemon(true);
    pump.start();
    pumps.add(pump);
  }

  private void read(String kind, InputStream stream) {
    boolean out = kind.equals("out");
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (out) {
          lines.add(line);
        } else {
          error(line);
        }
      }
    } catch (IOException e) {
      error(kind + ": " + e);
    } finally {
      if (out) {
        lines.add(END);
      }
    }
  }

  private void error(String line) {
    synchronized (errors) {
      errors.add(line);
      if (errors.size() > MOST_ERROR_LINES) {
        errors.remove();
      }
    }
  }

  /** Returns the id of the process. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether the process has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Writes a line to the child. */
  public void send(String line) {
    try {
      OutputStream out = process.getOutputStream();
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw failure("to be told \"" + line + "\"", e);
    }
  }

  /** Takes the next line, which must begin with this; returns what comes after it, trimmed. */
  public String expect(String beginning) {
    return expect(beginning, PATIENCE);
  }

  /** Takes the next line, which must begin with this; returns what comes after it, trimmed. */
  public String expect(String beginning, Duration patience) {
    String line = next(beginning, patience);
    if (!line.startsWith(beginning)) {
      throw failure("to say \"" + beginning + "\", it said \"" + line + "\"", null);
    }
    return line.substring(beginning.length()).trim();
  }

  /** Drops lines up to the first that begins with this; returns what comes after it, trimmed. */
  public String await(String beginning) {
    String line = next(beginning, PATIENCE);
    while (!line.startsWith(beginning)) {
      line = next(beginning, PATIENCE);
    }
    return line.substring(beginning.length()).trim();
  }

  /** Writes a line, and returns the rest of the line with the same first word that comes back. */
  public String ask(String line) {
    send(line);
    return expect(line.split(" ", 2)[0]);
  }

  private String next(String what, Duration patience) {
    Object line;
    try {
      line = lines.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("to say \"" + what + "\"", e);
    }
    if (line == null) {
      throw failure("to say \"" + what + "\" within " + patience, null);
    }
    if (line == END) {
      lines.add(END);
      throw failure("to say \"" + what + "\", it ended", null);
    }
    return (String) line;
  }

  private AssertionError failure(String what, Throwable cause) {
    synchronized (errors) {
      String said = errors.isEmpty() ? "" : "; it wrote:\n" + String.join("\n", errors);
      return new AssertionError("expected " + name + " " + what + said, cause);
    }
  }

  /** Sends SIGKILL, and does not wait for anything; returns the moment, as of nanoTime. */
  public long kill() {
    long now = System.nanoTime();
    process.destroyForcibly();
    return now;
  }

  /** Ends the child's standard input, which asks a well-behaved child to end. */
  public void endInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      error("closing its input: " + e);
    }
  }

  /** Waits until the process has ended, and returns its exit code. */
  public int awaitExit() {
    try {
      if (!process.waitFor(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        throw failure("to end within " + PATIENCE, null);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("to end", e);
    }
  }

  /** Returns how many descriptors the process has open. */
  public long descriptors() {
    try (Stream<Path> open = Files.list(Path.of("/proc", String.valueOf(pid()), "fd"))) {
      return open.count();
    } catch (IOException e) {
      throw failure("to have a list of descriptors", e);
    }
  }

  /** Returns the most memory that the process ever had. */
  public long peakResidentBytes() {
    try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(pid()), "status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw failure("to have a status", e);
    }
  }

  @Override
  public void close() {
    endInput();
    process.destroyForcibly();
    awaitExit();
    for (Thread pump : pumps) {
      try {
        pump.join(PATIENCE.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
