package io.vineyard.benchmarks;

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

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
