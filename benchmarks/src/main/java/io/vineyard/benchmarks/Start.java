package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.ours.FreshStart;
import io.vineyard.benchmarks.peer.EndProcess;
import io.vineyard.benchmarks.peer.Installation;
import io.vineyard.benchmarks.peer.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures how long the beginning takes, and how much there is to load. */
@Command(
    name = "start",
    description = "Milliseconds to the first batch and to connect; jars and classes to load.")
final class Start implements Callable<Integer> {
  private static final String NAME = "start";
  private static final String SETUP = "writer";
  private static final int ROUNDS = 11;
  private static final int QUICK_ROUNDS = 5;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double MEBI = 1 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** What a new JVM says, and how it is called here. */
  private static final Map<String, String> METRICS =
      new LinkedHashMap<>(
          Map.of(
              "first", "open-to-first-batch",
              "open", "open-and-connect",
              "jvm", "jvm-to-first-batch",
              "connect", "connect-again"));

  @Mixin private Settings settings;

  @Override
  public Integer call() throws Exception {
    settings.checkNoSetup();
    Report report = settings.reportOfOurs(NAME);
    int rounds = settings.isQuick() ? QUICK_ROUNDS : ROUNDS;
    List<Line> lines = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      report.progress("round %d of %d, in a new JVM".formatted(i + 1, rounds));
      lines.add(inNewJvm());
    }
    METRICS.forEach(
        (key, metric) ->
            report.add(
                SETUP,
                0,
                metric,
                "ms",
                lines.stream().mapToDouble(line -> line.number(key) / NANOS_PER_MILLI).toArray()));
    ClassPath classPath = ClassPath.ofLibrary(System.getProperty("java.class.path"));
    report.add(SETUP, 0, "jars", "count", classPath.jars());
    report.add(SETUP, 0, "jar-size", "MiB", classPath.bytes() / MEBI);
    report.add(SETUP, 0, "classes", "count", (double) classPath.classes());
    report.print();
    return 0;
  }

  private static Line inNewJvm() throws Exception {
    try (Workspace workspace = Workspace.create()) {
      List<String> command =
          Installation.java(
              List.of(), System.getProperty("java.class.path"), FreshStart.class.getName());
      command.addAll(List.of("fresh", "dir=" + workspace.folder()));
      try (EndProcess end = EndProcess.start("a new JVM", command, workspace.folder())) {
        Line answer = end.ask(Line.of("start"), PATIENCE);
        end.quit();
        return answer;
      }
    }
  }
}
