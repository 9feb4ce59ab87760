package io.vineyard.benchmarks.chronicle;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** One end of a Chronicle Queue, which is made anew for each round: {@code writer|reader dir=D}. */
public final class ChronicleEnd implements End {
  private final boolean isWriter;
  private final Path folder;

  private ChronicleEnd(Line arguments) {
    this.isWriter = arguments.verb().equals("writer");
    this.folder = Path.of(arguments.text("dir"), "queues");
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, ChronicleEnd::new);
  }

  @Override
  public Line on(Line line) throws IOException {
    Round round = Round.of(line);
    Path there = folder.resolve(round.id() + "-there");
    Path back = folder.resolve(round.id() + "-back");
    if (round.work() != Work.LATENCY) {
      return isWriter ? write(round, there) : read(round, there);
    }
    try (Appender out = new Appender(isWriter ? there : back, round);
        Tailer in = new Tailer(isWriter ? back : there, round)) {
      return isWriter ? ping(round, out, in) : echo(out, in);
    }
  }

  private Line write(Round round, Path path) throws IOException {
    deleteBefore(round);
    Round.Clock clock = round.start();
    long number = 0;
    try (Appender out = new Appender(path, round)) {
      while (!clock.isOver(number)) {
        out.write(number++);
      }
      out.writeEnd();
    }
    return Line.of(EndLoop.DONE).with("count", number);
  }

  private static Line read(Round round, Path path) {
    Arrivals arrivals = new Arrivals();
    try (Tailer in = new Tailer(path, round)) {
      boolean more = true;
      while (more) {
        more = in.read(arrivals);
      }
    }
    return arrivals.done();
  }

  private Line ping(Round round, Appender out, Tailer in) throws IOException {
    deleteBefore(round);
    Latencies latencies = new Latencies();
    Arrivals arrivals = new Arrivals();
    Round.Clock clock = round.start();
    long number = 0;
    while (!clock.isOver(number)) {
      long start = System.nanoTime();
      out.write(number++);
      in.read(arrivals);
      if (number > 1) {
        latencies.add(System.nanoTime() - start);
      }
    }
    out.writeEnd();
    return latencies.done();
  }

  private static Line echo(Appender out, Tailer in) {
    Arrivals arrivals = new Arrivals();
    long number = 0;
    while (in.read(arrivals)) {
      out.write(number++);
    }
    return Line.of(EndLoop.DONE).with("count", number);
  }

  /** Gives the memory of earlier rounds back: nobody reads them any more. */
  private void deleteBefore(Round round) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> old =
          files
              .filter(path -> path.getNameCount() > folder.getNameCount())
              .filter(path -> roundOf(path) < round.id())
              .sorted(Comparator.reverseOrder())
              .toList();
      for (Path path : old) {
        Files.delete(path);
      }
    }
  }

  private long roundOf(Path path) {
    String name = path.getName(folder.getNameCount()).toString();
    return Long.parseLong(name.substring(0, name.indexOf('-')));
  }
}
