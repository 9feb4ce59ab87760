package io.vineyard.reactive;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.process.ChildJvm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether threads that must not block are ever blocked: BlockHound looks, in a JVM of its own. */
class NonBlockingIT {
  private static final List<String> AGENT =
      List.of(
          "-XX:+AllowRedefinitionToAddDeleteMethods",
          "-XX:+EnableDynamicAgentLoading",
          "-Djdk.attach.allowAttachSelf=true",
          "-Xmx512m");

  @TempDir Path folder;

  @Test
  void threadsThatMustNotBlockAreNotBlocked() {
    try (ChildJvm child =
        ChildJvm.start(AGENT, NonBlockingPeer.class, folder.resolve("store.sock"))) {
      child.expect("watching");
      child.expect("a park is found");
      child.expect("done");
      child.expect("found 0"); // else it has written where
      assertThat(child.awaitExit()).isZero();
    }
  }
}
