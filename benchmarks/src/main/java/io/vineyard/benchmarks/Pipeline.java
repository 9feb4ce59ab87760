package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Work;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures how many bytes a second are made, passed on and used. */
@Command(
    name = "pipeline",
    description = "GB a second when every value is filled in and every value is summed.")
final class Pipeline extends SideBySide {
  Pipeline() {
    super("pipeline", Work.PIPELINE, List.of(MEDIUM, LARGE));
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(new Metric("rate", "GB/s", line -> batchesPerSecond(line) * batchBytes / 1e9));
  }

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
