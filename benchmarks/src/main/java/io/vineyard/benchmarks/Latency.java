package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures how long one batch takes. */
@Command(
    name = "latency",
    description = "Microseconds one way, half of there and back, with one batch at a time.")
final class Latency extends SideBySide {
  private static final double NANOS_PER_MICRO = 1e3;

  Latency() {
    super("latency", Work.LATENCY, List.of(SMALL, LARGE, HUGE));
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(metric("p50"), metric("p99"), metric("p999"));
  }

  private static Metric metric(String name) {
    return new Metric(name, "µs", line -> line.number(name) / NANOS_PER_MICRO);
  }

  @Override
  List<String> setups() {
    return List.of(PeerKinds.WRITER, PeerKinds.SPIN);
  }

  @Override
  double ratio(double ours, double other) {
    return other / ours;
  }
}
