package io.vineyard.test;

import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A JVM that serves one store after the other, as it is told in lines. It ends when the lines do,
 * and so with the JVM that has started it.
 */
final class TestServerProcess implements AutoCloseable {
  static final String THREADS = "vineyard-test-server";

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final List<String> SMALL =
      List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m");
  private static final int MOST_ERROR_LINES = 40;
  private static final String END = "\n";
  private static final String SERVES = "serves";

  private final Process process;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final Deque<String> errors = new ArrayDeque<>();

  private TestServerProcess(Process process) {
    this.process = process;
  }

  static TestServerProcess start() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SMALL);
    command.add(TestServerProcess.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command);
    // In the environment it may be longer than a command line.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    try {
      TestServerProcess started = new TestServerProcess(builder.start());
      started.pump("answers", started.process.getInputStream());
      started.pump("errors", started.process.getErrorStream());
      return started;
    } catch (IOException e) {
      throw new IllegalStateException("expected to start a server with " + command, e);
    }
  }

  private void pump(String kind, InputStream stream) {
    Thread pump = new Thread(null, () -> read(kind, stream), THREADS + "-" + kind, 0, false);
    pump.setDaemon(true);
    pump.start();
  }

  private void read(String kind, InputStream stream) {
    boolean isAnswers = kind.equals("answers");
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (isAnswers) {
          answers.add(line);
        } else {
          error(line);
        }
      }
    } catch (IOException e) {
      error(kind + ": " + e);
    }
    if (isAnswers) {
      answers.add(END);
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

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Has a new store served. */
  void serve(Path socket, long capacityBytes, long segmentBytes) {
    tell(capacityBytes + " " + segmentBytes + " " + socket);
    expect(SERVES);
  }

  /** Has the store ended. */
  void endStore() {
    tell("end");
    expect("ended");
  }

  private void tell(String line) {
    try {
      OutputStream out = process.getOutputStream();
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw failure("to be told \"" + line + "\"", e);
    }
  }

  private void expect(String answer) {
    String came;
    try {
      came = answers.poll(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("to say \"" + answer + "\"", e);
    }
    if (came == null || came.equals(END)) {
      String what = came == null ? " within " + PATIENCE : ", it ended";
      throw failure("to say \"" + answer + "\"" + what, null);
    } else if (!came.equals(answer)) {
      throw failure("to say \"" + answer + "\", it said \"" + came + "\"", null);
    }
  }

  private IllegalStateException failure(String what, @Nullable Throwable cause) {
    synchronized (errors) {
      String said = errors.isEmpty() ? "" : "; it wrote:\n" + String.join("\n", errors);
      return new IllegalStateException("expected server " + pid() + " " + what + said, cause);
    }
  }

  /** Sends SIGKILL, and waits until the process is gone. */
  @Override
  public void close() {
    try {
      if (!process.destroyForcibly().waitFor(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        throw failure("to end within " + PATIENCE, null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs in the other JVM. */
  public static void main(String[] arguments) throws IOException {
    PrintStream parent =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    // What anything else prints must not be taken for an answer.
    System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Deque<BoundServer> servers = new ArrayDeque<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      parent.println(answer(line, servers));
      parent.flush();
    }
    Runtime.getRuntime().halt(0);
  }

  private static String answer(String line, Deque<BoundServer> servers) {
    try {
      if (line.equals("end")) {
        servers.remove().disposeNow(PATIENCE);
        return "ended";
      }
      String[] words = line.split(" ", 3);
      servers.add(
          VineyardServer.create()
              .socket(Path.of(words[2]))
              .capacity(Long.parseLong(words[0]))
              .segmentBytes(Long.parseLong(words[1]))
              .bindNow());
      return SERVES;
    } catch (RuntimeException e) {
      return String.valueOf(e).replace('\n', ' ');
    }
  }
}
