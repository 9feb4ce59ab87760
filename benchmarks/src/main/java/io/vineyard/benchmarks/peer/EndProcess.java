package io.vineyard.benchmarks.peer;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An end of a peer in a process of its own. What it prints on standard error is kept in a file. */
public final class EndProcess implements AutoCloseable {
  private static final Duration PATIENCE_START = Duration.ofSeconds(30);
  private static final Duration PATIENCE_END = Duration.ofSeconds(90);
  private static final int MOST_COMPLAINTS = 20;
  private static final String GONE = "gone";

  private final String name;
  private final Process process;
  private final Path complaints;
  private final PrintStream commands;
  private final BlockingQueue<Line> answers = new LinkedBlockingQueue<>();
  private Line ready = Line.of(GONE);

  private EndProcess(String name, Process process, Path complaints) {
    this.name = name;
    this.process = process;
    this.complaints = complaints;
    this.commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
    Thread thread = new Thread(this::listen, "answers of " + name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Starts a process, and waits until it is ready; the caller closes it.
   *
   * @param name what it is called when it fails
   * @param folder where its complaints are kept
   * @throws EndFailedException if it does not get ready, saying why
   */
  public static EndProcess start(String name, List<String> command, Path folder)
      throws IOException, InterruptedException {
    Path complaints = Files.createTempFile(folder, "err", "");
    Process process = new ProcessBuilder(command).redirectError(complaints.toFile()).start();
    EndProcess end = new EndProcess(name, process, complaints);
    try {
      end.ready = end.receive(PATIENCE_START);
      return end;
    } catch (EndFailedException e) {
      end.close();
      throw e;
    }
  }

  private void listen() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      lines.lines().map(Line::parse).forEach(answers::add);
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      answers.add(Line.of(EndLoop.FAILED).with("because", e));
    } finally {
      answers.add(Line.of(GONE));
    }
  }

  /** Returns the process. */
  public Process process() {
    return process;
  }

  /** Returns what it said when it was ready. */
  public Line ready() {
    return ready;
  }

  /** Says a line. */
  public void send(Line line) {
    commands.println(line);
  }

  /** Says a line and waits for the answer. */
  public Line ask(Line line, Duration patience) throws InterruptedException {
    send(line);
    return receive(patience);
  }

  /**
   * Waits for an answer.
   *
   * @throws EndFailedException if it says that it failed, if it has ended, or says nothing
   */
  public Line receive(Duration patience) throws InterruptedException {
    Line answer = poll(patience);
    if (answer == null) {
      throw new EndFailedException(name + " said nothing for " + patience.toSeconds() + " s");
    }
    return answer;
  }

  /** Does what {@link #receive} does, but returns null if it says nothing. */
  @Nullable Line poll(Duration patience) throws InterruptedException {
    Line answer = answers.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null) {
      return null;
    }
    if (answer.verb().equals(EndLoop.FAILED)) {
      throw new EndFailedException(name + ": " + answer.text("because").replace('_', ' '));
    }
    if (answer.verb().equals(GONE)) {
      throw new EndFailedException(name + " has ended: " + lastComplaint());
    }
    return answer;
  }

  private String lastComplaint() {
    List<String> lines = complaints();
    return lines.isEmpty() ? "it said nothing" : lines.get(lines.size() - 1);
  }

  /** Returns the first lines that it printed on standard error. */
  public List<String> complaints() {
    try (var lines = Files.lines(complaints)) {
      return lines.filter(line -> !line.isBlank()).limit(MOST_COMPLAINTS).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of(e.toString());
    }
  }

  /**
   * Lets it end.
   *
   * @throws EndFailedException if it says that something leaked
   */
  public void quit() throws InterruptedException {
    commands.println(EndLoop.QUIT);
    receive(PATIENCE_END);
  }

  /** Ends it without a chance to tidy up. */
  public void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  @Override
  public void close() {
    commands.close();
    kill();
    boolean interrupted = false;
    while (true) {
      try {
        process.waitFor();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
