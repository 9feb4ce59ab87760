package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures streams from the store of one machine to that of another. */
@Command(
    name = "bridge",
    description = "A stream from one store into another one over TCP, beside Arrow Flight.")
final class Bridge extends SideBySide {
  private static final double BYTES_PER_NANO_IN_MEGABYTES_PER_SECOND = 1e3;

  Bridge() {
    super("bridge", Work.HAND_OFF, List.of(MEDIUM, LARGE));
  }

  @Override
  List<PeerKind> kinds(Settings settings) {
    settings.checkNoSetup();
    return PeerKinds.bridge();
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(
        new Metric("rate", "batches/s", SideBySide::batchesPerSecond),
        new Metric("traffic", "MB/s", line -> megabytesPerSecond(line, batchBytes)));
  }

  private static double megabytesPerSecond(Line line, int batchBytes) {
    return (line.number("count") - 1)
        * batchBytes
        * BYTES_PER_NANO_IN_MEGABYTES_PER_SECOND
        / Math.max(1, line.number("nanos"));
  }

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
