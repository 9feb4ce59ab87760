package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Mixin;

/** A benchmark of peers in rounds, for batches of several sizes. */
abstract class SideBySide implements Callable<Integer> {
  static final int SMALL = 4 << 10;
  static final int MEDIUM = 32 << 10;
  static final int LARGE = 1 << 20;
  static final int HUGE = 64 << 20;
  private static final double BYTES_PER_MEGABYTE = 1e6;

  /**
   * A figure of a round.
   *
   * @param name its name
   * @param unit its unit
   * @param of gets it out of what the ends said
   */
  record Metric(String name, String unit, ToDoubleFunction<Line> of) {}

  @Mixin private Settings settings;

  private final String name;
  private final Work work;
  private final List<Integer> sizes;

  SideBySide(String name, Work work, List<Integer> sizes) {
    this.name = name;
    this.work = work;
    this.sizes = sizes;
  }

  /** Returns what is measured of batches of a size; the first is the one that is compared. */
  abstract List<Metric> metrics(int batchBytes);

  /** Compares two medians; more than 1 if ours is better. */
  abstract double ratio(double ours, double other);

  /** Returns the setups of this project that are measured if none is asked for. */
  List<String> setups() {
    return List.of(PeerKinds.WRITER);
  }

  /** Returns what is measured, this project first. */
  List<PeerKind> kinds(Settings chosen) {
    List<PeerKind> kinds = new ArrayList<>(chosen.ours(setups()));
    kinds.addAll(chosen.others());
    return kinds;
  }

  @Override
  public Integer call() throws Exception {
    settings.check();
    Report report = settings.report(name);
    measure(report, kinds(settings), Pace.of(settings, sizes.size()));
    report.print();
    return 0;
  }

  /** Runs all rounds. */
  void measure(Report report, List<PeerKind> kinds, Pace pace)
      throws IOException, InterruptedException {
    try (Contest contest = Contest.start(report, kinds, work)) {
      contest.warmUp(work, sizes.get(0), pace.warmUp());
      for (int size : sizes) {
        add(report, size, contest.run(work, size, pace));
      }
      contest.quit();
    }
  }

  private void add(Report report, int batchBytes, Map<PeerKind, List<Line>> rounds) {
    List<Measurement> compared = new ArrayList<>();
    rounds.forEach(
        (kind, lines) -> {
          List<Measurement> all = measure(kind, batchBytes, lines);
          all.forEach(report::add);
          compared.add(all.get(0));
        });
    Measurement ours = compared.get(0);
    for (Measurement other : compared.subList(1, compared.size())) {
      report.ratio(
          String.format(
              Locale.ROOT,
              "%s ours (%s) / %s%s at %s: %.2fx",
              name,
              ours.setup(),
              other.peer(),
              other.peer().equals(ours.peer()) ? " (" + other.setup() + ")" : "",
              Report.size(batchBytes),
              ratio(ours.median(), other.median())));
    }
  }

  private List<Measurement> measure(PeerKind kind, int batchBytes, List<Line> lines) {
    return metrics(batchBytes).stream()
        .map(
            metric ->
                new Measurement(
                    kind.name(),
                    kind.setup(),
                    batchBytes,
                    metric.name(),
                    metric.unit(),
                    lines.stream().mapToDouble(metric.of()).toArray()))
        .toList();
  }

  /** Returns how many batches arrived in a second. */
  static double batchesPerSecond(Line line) {
    return (line.number("count") - 1) * 1e9 / Math.max(1, line.number("nanos"));
  }

  /** Returns how many megabytes arrived in a second. */
  static double megabytesPerSecond(Line line, int batchBytes) {
    return batchesPerSecond(line) * batchBytes / BYTES_PER_MEGABYTE;
  }
}
