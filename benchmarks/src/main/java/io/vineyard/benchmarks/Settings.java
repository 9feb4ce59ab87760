package io.vineyard.benchmarks;

import io.vineyard.benchmarks.peer.Installation;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every benchmark can be told. */
final class Settings {
  private static final List<String> SETUPS =
      List.of(PeerKinds.WRITER, PeerKinds.SPIN, PeerKinds.SERVER, PeerKinds.JVM);

  @Option(
      names = "--quick",
      description = "Short rounds: ends within 50 s, with peers within 5 minutes.")
  private boolean quick;

  @Option(names = "--peers", description = "Measures all that can run here beside it.")
  private boolean peers;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "How long a round is; of soak, how long it runs.")
  private @Nullable Integer seconds;

  @Option(names = "--json", description = "Prints one JSON object a line, nothing else.")
  private boolean json;

  @Option(
      names = "--setup",
      paramLabel = "SETUP",
      split = ",",
      description =
          "Where the store is: writer, server (a third process), jvm (all in one JVM);"
              + " spin is writer with readers that spin before they park. Several with commas.")
  private List<String> setups = new ArrayList<>();

  @Option(
      names = "--vineyard",
      paramLabel = "VENV",
      description = "A Python environment with vineyard, for the peers that are the real one.")
  private @Nullable Path vineyard;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  /** Complains about what no benchmark can do. */
  void check() {
    for (String setup : setups) {
      check("--setup", SETUPS.contains(setup), "one of " + SETUPS, setup);
    }
    check("--seconds", seconds == null || seconds > 0, "at least 1", seconds);
    Path venv = vineyard;
    check(
        "--vineyard",
        venv == null || Files.isExecutable(venv.resolve("bin").resolve("python")),
        "a folder with bin/python",
        venv);
  }

  /** Complains about what a benchmark of two processes can't do. */
  void checkTwoProcesses() {
    check();
    check("--setup", !setups.contains(PeerKinds.JVM), "writer or server", PeerKinds.JVM);
  }

  /** Complains about setups in a benchmark whose store is always in the same place. */
  void checkNoSetup() {
    check();
    check("--setup", setups.isEmpty(), "none for this benchmark", setups);
  }

  private void check(String option, boolean isRight, String expected, @Nullable Object actual) {
    if (!isRight) {
      throw new ParameterException(
          Objects.requireNonNull(command).commandLine(),
          "%s: expected %s, got %s".formatted(option, expected, actual));
    }
  }

  /**
   * Returns a Python environment with vineyard.
   *
   * @param chosen its folder, null for the usual one
   */
  Path environment(@Nullable Path chosen) {
    Path usual = Installation.home().resolveSibling("conformance").resolve(".venv");
    Path environment = chosen == null ? usual : chosen.toAbsolutePath();
    boolean isThere = Files.isExecutable(environment.resolve("bin").resolve("python"));
    check("--venv", isThere, "a folder with bin/python", environment);
    return environment;
  }

  boolean isQuick() {
    return quick;
  }

  boolean hasPeers() {
    return peers;
  }

  /** Returns how long something is to be done. */
  Duration seconds(double usual, double ifQuick) {
    double chosen = seconds == null ? (quick ? ifQuick : usual) : seconds;
    return Duration.ofNanos((long) (chosen * 1e9));
  }

  /** Returns this project in the setups that were asked for. */
  List<PeerKind> ours() {
    return ours(List.of(PeerKinds.WRITER));
  }

  /** Returns this project in the setups that were asked for, or in the usual ones. */
  List<PeerKind> ours(List<String> usual) {
    return (setups.isEmpty() ? usual : setups).stream().distinct().map(PeerKinds::ours).toList();
  }

  /** Returns the peers, if they are to be measured. */
  List<PeerKind> others() {
    return peers
        ? PeerKinds.others(vineyard == null ? null : vineyard.toAbsolutePath())
        : List.of();
  }

  /** Begins a report. */
  Report report(String benchmark) {
    return new Report(benchmark, json);
  }

  /** Begins a report of a benchmark that compares this project with itself. */
  Report reportOfOurs(String benchmark) {
    Report report = report(benchmark);
    if (peers) {
      report.note("no peers are measured: this benchmark compares this project with itself");
    }
    return report;
  }

  boolean isJson() {
    return json;
  }
}
