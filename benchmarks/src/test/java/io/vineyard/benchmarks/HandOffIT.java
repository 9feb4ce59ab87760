package io.vineyard.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.benchmarks.peer.PeerKinds;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandOffIT {
  private static final Duration SHORT = Duration.ofMillis(20);
  private static final Pace PACE = new Pace(SHORT, SHORT, 2, SHORT);

  @Test
  void smallestRunPrintsAJsonObjectForEachSize() throws Exception {
    assertThat(run(List.of("ours"), true))
        .hasSize(4)
        .allMatch(
            line ->
                line.matches(
                    "\\{\"benchmark\":\"hand-off\",\"peer\":\"ours\",\"setup\":\"jvm\","
                        + "\"batch_bytes\":(4096|32768|1048576|67108864),\"metric\":\"rate\","
                        + "\"value\":[0-9.E]+,\"unit\":\"batches/s\",\"min\":[0-9.E]+,"
                        + "\"max\":[0-9.E]+,\"rounds\":2,\"jdk\":\".+\",\"cores\":\\d+}"));
  }

  @Test
  void ratiosComeFirstInTables() throws Exception {
    List<String> lines = run(List.of("ours", "thread"), false);

    assertThat(lines.subList(0, 4))
        .allMatch(line -> line.matches("hand-off ours \\(jvm\\) / thread at .* [MK]iB: .*x"));
    assertThat(lines).anyMatch(line -> line.startsWith("thread  "));
  }

  private static List<String> run(List<String> peers, boolean json) throws Exception {
    var kinds =
        peers.stream()
            .map(
                name ->
                    name.equals("ours")
                        ? PeerKinds.ours(PeerKinds.JVM)
                        : PeerKinds.others(null).get(0))
            .toList();
    PrintStream out = System.out;
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
      Report report = new Report("hand-off", json);
      new HandOff().measure(report, kinds, PACE);
      report.print();
    } finally {
      System.setOut(out);
    }
    return output.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
