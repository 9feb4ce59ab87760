package io.vineyard.samples.pipeline;

import io.vineyard.store.StreamInfo;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Prints how fast each stage is and how full the windows are: in place, if on a terminal. */
final class ProgressTable {
  private static final long SPAN_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final double MEGA = 1e6;

  private final List<StageProcess> stages;
  private final boolean terminal = Boolean.getBoolean("samples.terminal");
  private final Map<Stage, Deque<Sample>> samples = new EnumMap<>(Stage.class);
  private int printed;

  /** What a stage had done at a moment. */
  record Sample(long atNanos, long rows, StreamInfo written) {}

  ProgressTable(List<StageProcess> stages) {
    this.stages = stages;
    for (Stage stage : Stage.values()) {
      samples.put(stage, new ArrayDeque<>());
    }
  }

  /** Takes in how far a stage is. */
  void add(Stage stage, Sample sample) {
    Deque<Sample> known = samples.get(stage);
    known.addLast(sample);
    while (known.size() > 2 && sample.atNanos() - known.getFirst().atNanos() > SPAN_NANOS) {
      known.removeFirst();
    }
  }

  /** Returns how its stream was when that was last known. */
  Optional<StreamInfo> lastWritten(Stage stage) {
    return Optional.ofNullable(samples.get(stage).peekLast()).map(Sample::written);
  }

  /** Prints the table, over the one before. */
  void print() {
    StringBuilder text = new StringBuilder();
    String clear = terminal ? "\033[K" : "";
    if (terminal && printed > 0) {
      text.append("\033[").append(printed).append('A');
    }
    if (terminal || printed == 0) {
      text.append(row("stage", "process", "rows", "rows/s", "MB/s", "window", clear));
    }
    stages.forEach(stage -> text.append(row(stage, clear)));
    System.out.print(text);
    System.out.flush();
    printed = stages.size() + 1;
  }

  private String row(StageProcess stage, String clear) {
    Deque<Sample> known = samples.get(stage.stage());
    if (known.isEmpty()) {
      return row(stage.stage().title(), stage.process().pid(), 0, 0, "0.0", "", clear);
    }
    Sample first = known.getFirst();
    Sample last = known.getLast();
    StreamInfo written = last.written();
    double seconds = Math.max(1, last.atNanos() - first.atNanos()) / 1e9;
    double bytes = written.publishedBytes() - first.written().publishedBytes();
    return row(
        stage.stage().title(),
        stage.process().pid(),
        "%,d".formatted(last.rows()),
        "%,.0f".formatted((last.rows() - first.rows()) / seconds),
        "%.1f".formatted(bytes / seconds / MEGA),
        written.windowUsedChunks() + " of " + written.spec().windowChunks(),
        clear);
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, "%-12s %9s %13s %12s %9s %12s%s%n", cells);
  }
}
