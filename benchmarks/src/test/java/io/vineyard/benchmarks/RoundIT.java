package io.vineyard.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.EndFailedException;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import io.vineyard.benchmarks.peer.Workspace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoundIT {
  private static final int BATCH_BYTES = 4096;
  private static final Duration SHORT = Duration.ofMillis(50);

  @ParameterizedTest
  @ValueSource(strings = {"writer", "spin", "server", "jvm"})
  void allBatchesArriveInEachSetup(String setup) throws Exception {
    try (Workspace workspace = Workspace.create();
        Peer peer = PeerKinds.ours(setup).start(workspace)) {
      Line done = peer.round(Work.HAND_OFF, BATCH_BYTES, SHORT);
      assertThat(done.number("count")).isGreaterThan(1);
      assertThat(done.number("nanos")).isPositive();
      assertThat(peer.round(Work.PIPELINE, BATCH_BYTES, SHORT).number("count")).isGreaterThan(1);
      assertThat(peer.round(Work.LATENCY, BATCH_BYTES, SHORT).number("p50")).isPositive();
      peer.quit();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"java-python", "python-java", "python-python"})
  @EnabledIfEnvironmentVariable(
      named = "VINEYARD_VENV",
      matches = ".+",
      disabledReason = "needs a Python environment with vineyard")
  void batchesPassBetweenLanguages(String setup) throws Exception {
    PeerKind kind =
        PeerKinds.languages(Path.of(System.getenv("VINEYARD_VENV"))).stream()
            .filter(peer -> peer.setup().equals(setup))
            .findFirst()
            .orElseThrow();
    try (Workspace workspace = Workspace.create();
        Peer peer = kind.start(workspace)) {
      assertThat(peer.round(Work.PIPELINE, BATCH_BYTES, SHORT).number("count")).isGreaterThan(1);
      assertThat(peer.round(Work.HAND_OFF, BATCH_BYTES, SHORT).number("count")).isGreaterThan(1);
      peer.quit();
    }
  }

  private static PeerKind kind(String name) {
    return PeerKinds.others(null).stream()
        .filter(peer -> peer.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"thread", "arrow-ipc"})
  void peersWithoutLibrariesPassTheSameBatches(String name) throws Exception {
    PeerKind kind = kind(name);
    try (Workspace workspace = Workspace.create();
        Peer peer = kind.start(workspace)) {
      assertThat(peer.round(Work.HAND_OFF, BATCH_BYTES, SHORT).number("count")).isGreaterThan(1);
      assertThat(peer.round(Work.PIPELINE, BATCH_BYTES, SHORT).number("count")).isGreaterThan(1);
      assertThat(peer.round(Work.LATENCY, BATCH_BYTES, SHORT).number("p50")).isPositive();
      peer.quit();
    }
  }

  @Test
  void bareSocketCarriesWakes() throws Exception {
    PeerKind kind = kind("bare-socket");
    try (Workspace workspace = Workspace.create();
        Peer peer = kind.start(workspace)) {
      assertThat(peer.round(Work.LATENCY, BATCH_BYTES, SHORT).number("p50")).isPositive();
      peer.quit();
    }
    assertThat(kind.reasonsWithout()).containsKeys(Work.HAND_OFF, Work.PIPELINE);
  }

  @Test
  void peersThatCannotRunHereSayWhy() throws Exception {
    String home = System.getProperty("benchmarks.home", "");
    try (Workspace workspace = Workspace.create()) {
      System.setProperty("benchmarks.home", workspace.folder().toString());
      for (PeerKind kind : PeerKinds.others(null)) {
        if (!List.of("thread", "arrow-ipc", "bare-socket").contains(kind.name())) {
          assertThatThrownBy(() -> kind.start(workspace))
              .as(kind.name())
              .isInstanceOf(EndFailedException.class)
              .hasMessageMatching("its libraries are not here.*|it needs --vineyard VENV.*");
        }
      }
    } finally {
      System.setProperty("benchmarks.home", home);
    }
  }

  @Test
  void roundWithoutARateFails() throws Exception {
    try (Workspace workspace = Workspace.create();
        Peer peer = PeerKinds.ours("jvm").start(workspace)) {
      Line nothing = Line.of("more");
      assertThatThrownBy(() -> peer.round(Work.HAND_OFF, BATCH_BYTES, SHORT, 1, nothing))
          .isInstanceOf(EndFailedException.class)
          .hasMessageContaining("expected at least 2 batches");
      peer.quit();
    }
  }
}
