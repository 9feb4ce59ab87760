package io.vineyard.benchmarks.peer;

import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** A peer whose ends run, parked until they are told to do something. */
public final class Peer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final String SERVER = "server";
  private static final String COUNT = "count";
  private static final AtomicLong ROUNDS = new AtomicLong();

  private final PeerKind kind;
  private final Map<String, EndProcess> ends = new LinkedHashMap<>();

  Peer(PeerKind kind) {
    this.kind = kind;
  }

  void start(String role, List<String> command, Path folder)
      throws IOException, InterruptedException {
    Line arguments = Line.of(role).with("dir", folder).with("setup", kind.setup());
    for (EndProcess before : ends.values()) {
      arguments.withAll(before.ready());
    }
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments.toString().split(" ", -1)));
    ends.put(role, EndProcess.start(kind.label() + " " + role, whole, folder));
  }

  /** Returns what it is. */
  public PeerKind kind() {
    return kind;
  }

  /** Returns an end. */
  public EndProcess end(String role) {
    EndProcess end = ends.get(role);
    if (end == null) {
      throw new IllegalArgumentException("expected one of " + ends.keySet() + ", got " + role);
    }
    return end;
  }

  /** Returns the end that writes. */
  public EndProcess writer() {
    return ends.containsKey("writer") ? end("writer") : end("jvm");
  }

  /** Returns a number that no round has had. */
  public static long nextRound() {
    return ROUNDS.incrementAndGet();
  }

  /** Runs a round, and returns what its ends said of it. */
  public Line round(Work work, int batchBytes, Duration time) throws InterruptedException {
    return round(work, batchBytes, time, Long.MAX_VALUE, Line.of(Round.VERB));
  }

  /**
   * Runs a round with a bound of batches, and returns what its ends said of it.
   *
   * @throws EndFailedException if an end failed, or if not all that was written was read
   */
  public Line round(Work work, int batchBytes, Duration time, long count, Line more)
      throws InterruptedException {
    long most = Math.min(count, Math.max(1, kind.mostBytes() / batchBytes));
    Line line =
        new Round(nextRound(), work, batchBytes, time.toMillis(), most).toLine().withAll(more);
    Line done = all(line, time.plus(PATIENCE));
    if (work != Work.LATENCY && done.number(COUNT) < 2) {
      throw new EndFailedException(
          kind.label() + ": expected at least 2 batches in " + time + ", got " + done);
    }
    return done;
  }

  /** Says a line to all ends but a server, and returns all that they answer in one line. */
  public Line all(Line line, Duration patience) throws InterruptedException {
    List<EndProcess> told = new ArrayList<>();
    for (Map.Entry<String, EndProcess> end : ends.entrySet()) {
      if (!end.getKey().equals(SERVER)) {
        end.getValue().send(line);
        told.add(end.getValue());
      }
    }
    Line all = Line.of(EndLoop.DONE);
    for (Line answer : answers(told, patience)) {
      boolean differs =
          all.has(COUNT)
              && answer.has(COUNT)
              && !line.toString().contains(Work.LATENCY.name())
              && all.number(COUNT) != answer.number(COUNT);
      if (differs) {
        throw new EndFailedException(
            kind.label() + ": expected all batches to arrive, got " + all + " and " + answer);
      }
      all.withAll(answer);
    }
    return all;
  }

  /** Waits for all, but no longer for the others when one of them has failed. */
  private List<Line> answers(List<EndProcess> told, Duration patience) throws InterruptedException {
    List<EndProcess> silent = new ArrayList<>(told);
    List<Line> answers = new ArrayList<>();
    long end = System.nanoTime() + patience.toNanos();
    while (!silent.isEmpty()) {
      for (EndProcess next : List.copyOf(silent)) {
        Line answer = next.poll(POLL);
        if (answer != null) {
          answers.add(answer);
          silent.remove(next);
        }
      }
      if (System.nanoTime() - end > 0) {
        throw new EndFailedException(kind.label() + " said nothing for " + patience);
      }
    }
    return answers;
  }

  /** Returns what each end has used so far, by role. */
  public Map<String, Line> usage() throws InterruptedException {
    Map<String, Line> usage = new LinkedHashMap<>();
    for (Map.Entry<String, EndProcess> end : ends.entrySet()) {
      usage.put(end.getKey(), end.getValue().ask(Line.of(EndLoop.USAGE), PATIENCE));
    }
    return usage;
  }

  /** Returns the complaints of all its ends. */
  public List<String> complaints() {
    return ends.values().stream().flatMap(end -> end.complaints().stream()).toList();
  }

  /**
   * Lets all ends end, the last one first.
   *
   * @throws EndFailedException if one of them says that something leaked
   */
  public void quit() throws InterruptedException {
    List<EndProcess> last = new ArrayList<>(ends.values());
    for (int i = last.size() - 1; i >= 0; i--) {
      last.get(i).quit();
    }
  }

  @Override
  public void close() {
    ends.values().forEach(EndProcess::close);
  }
}
