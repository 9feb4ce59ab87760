package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A sample in a JVM of its own. Whoever starts it closes it, which kills it if it has not ended.
 */
final class SampleRun implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  /** What samples/run adds, so that JVMs newer than the libraries have nothing to warn of. */
  private static final List<String> FLAGS =
      Runtime.version().feature() < 24
          ? List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
          : List.of(
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow");

  private final Process process;
  private final Lines out;
  private final Lines err;

  private SampleRun(Process process) {
    this.process = process;
    this.out = new Lines(process.getInputStream());
    this.err = new Lines(process.getErrorStream());
  }

  static SampleRun start(String... arguments) {
    return startAt(Path.of("").toAbsolutePath(), arguments);
  }

  /** Starts a sample that looks for its data in a folder. */
  static SampleRun startAt(Path home, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.add("-Dsamples.flags=" + String.join(" ", FLAGS));
    command.add("-Dsamples.home=" + home);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Samples.class.getName());
    command.addAll(List.of(arguments));
    try {
      return new SampleRun(new ProcessBuilder(command).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits for its end and returns its exit code. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
        .as("has ended; it said %s and %s", out.taken, err.taken)
        .isTrue();
    return process.exitValue();
  }

  /** Waits for a line. */
  String line() throws InterruptedException {
    String line = out.next();
    assertThat(line).as("a line; it ended saying %s", err.taken).isNotNull();
    return line;
  }

  /** Returns all that it printed and that was not asked for yet; waits for its end. */
  List<String> output() throws InterruptedException {
    return out.rest();
  }

  /** Returns what it complained about; waits for its end. */
  List<String> complaints() throws InterruptedException {
    return err.rest();
  }

  /** Ends it as a person would, with SIGTERM. */
  void terminate() {
    process.toHandle().destroy(); // unlike Process.destroy, leaves the output to be read
  }

  /** Ends it without a chance to tidy up. */
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  private static final class Lines {
    private static final String END = new String("the end");

    private final BlockingQueue<String> queue = new LinkedBlockingQueue<>();
    private final List<String> taken = new ArrayList<>();

    Lines(InputStream from) {
      Thread reader = new Thread(() -> read(from), "lines");
      reader.setDaemon(true);
      reader.start();
    }

    @SuppressWarnings({"StringEquality", "ReferenceEquality"}) // The end is no line.
    @Nullable String next() throws InterruptedException {
      String line = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(line).as("a line or the end, after %s", taken).isNotNull();
      if (line == END) {
        queue.add(END);
        return null;
      }
      taken.add(line);
      return line;
    }

    List<String> rest() throws InterruptedException {
      List<String> lines = new ArrayList<>();
      for (String line = next(); line != null; line = next()) {
        lines.add(line);
      }
      return lines;
    }

    private void read(InputStream from) {
      try (var reader = new BufferedReader(new InputStreamReader(from, StandardCharsets.UTF_8))) {
        reader.lines().forEach(queue::add);
      } catch (IOException | UncheckedIOException e) {
        queue.add(e.toString());
      } finally {
        queue.add(END);
      }
    }
  }
}
