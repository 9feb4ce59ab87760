package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.util.List;
import picocli.CommandLine.Command;

/** Measures bodies of HTTP responses. */
@Command(
    name = "http",
    description = "A stream as an Arrow body of WebFlux, beside bytes sent by hand, and Jackson.")
final class Http extends SideBySide {
  private static final double BYTES_PER_NANO_IN_MEGABYTES_PER_SECOND = 1e3;

  Http() {
    super("http", Work.HAND_OFF, List.of(MEDIUM, LARGE));
  }

  @Override
  List<PeerKind> kinds(Settings settings) {
    settings.checkNoSetup();
    return PeerKinds.http();
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(
        new Metric("rate", "batches/s", SideBySide::batchesPerSecond),
        new Metric("traffic", "MB/s", Http::megabytesPerSecond),
        new Metric("garbage", "B/batch", line -> line.number("garbage")));
  }

  private static double megabytesPerSecond(Line line) {
    return line.number("bytes")
        * BYTES_PER_NANO_IN_MEGABYTES_PER_SECOND
        / Math.max(1, line.number("nanos"));
  }

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
