package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Work;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures how many batches a second change hands. */
@Command(
    name = "hand-off",
    description = "Batches a second from hand to hand: built in place, one value looked at.")
final class HandOff extends SideBySide {
  HandOff() {
    super("hand-off", Work.HAND_OFF, List.of(MEDIUM, SMALL, LARGE, HUGE));
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(new Metric("rate", "batches/s", SideBySide::batchesPerSecond));
  }

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
