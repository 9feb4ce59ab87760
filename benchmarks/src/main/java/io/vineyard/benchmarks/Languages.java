package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures streams between Java and Vineyard's own Python client. */
@Command(
    name = "languages",
    description = "Java to Python and back, every value filled in and summed, beside vineyardd.")
final class Languages extends SideBySide {
  @Option(
      names = "--venv",
      paramLabel = "DIR",
      description = "The Python environment, made if it is not there; else conformance/.venv.")
  private @Nullable Path venv;

  Languages() {
    super("languages", Work.PIPELINE, List.of(MEDIUM, LARGE, HUGE));
  }

  @Override
  List<PeerKind> kinds(Settings settings) {
    settings.checkNoSetup();
    return PeerKinds.languages(settings.environment(venv));
  }

  @Override
  List<Metric> metrics(int batchBytes) {
    return List.of(new Metric("rate", "MB/s", line -> megabytesPerSecond(line, batchBytes)));
  }

  @Override
  double ratio(double ours, double other) {
    return ours / other;
  }
}
