package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vineyard.store.BlobWriter;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.StoreProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that run short of descriptors or threads: typed errors, and afterwards all is well. */
class ShortageIT {
  private static final int SEGMENT_BYTES = 1 << 20;

  @TempDir private Path folder;

  @BeforeEach
  void limitsCanBeSet() {
    assumeThat(run("--version")).as("prlimit of util-linux").isZero();
  }

  private static int run(String... arguments) {
    List<String> command = new ArrayList<>(List.of("prlimit"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).as("prlimit ended").isTrue();
      return process.exitValue();
    } catch (IOException e) {
      return -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Sets a soft limit of a process, which may be raised again. */
  private static void limit(ChildJvm child, String what, long most) {
    assertThat(run("--pid", "" + child.pid(), "--" + what + "=" + most + ":")).isZero();
  }

  private static void assertWorks(ObjectStore store) {
    Waits.value(store.createBlob(SEGMENT_BYTES)).abort();
    Waits.value(store.fork()).close();
    Waits.untilIdle(store);
  }

  @Test
  void serverWithoutDescriptorsLives() throws IOException {
    Path log = folder.resolve("server.log");
    try (StoreProcess process = StoreProcess.startLogging(64 << 20, SEGMENT_BYTES, log);
        Bystanders bystanders = new Bystanders(process.socket());
        ObjectStore store = process.connectNow()) {
      bystanders.awaitProgress();
      Waits.value(store.createBlob(SEGMENT_BYTES)).abort();
      long before = process.child().descriptors();
      limit(process.child(), "nofile", before + 2);
      List<BlobWriter> taken = new ArrayList<>();
      VineyardException refusal = takeAll(store, taken);
      assertThat(refusal.code()).as("%s", refusal).isEqualTo(ErrorCode.LIMIT_REACHED);
      assertThat(refusal).hasMessageContaining("memfd_create");
      VineyardException refused =
          Waits.error(
              VineyardClient.create()
                  .socket(process.socket())
                  .connectTimeout(Duration.ofMillis(300))
                  .connect());
      assertThat(refused.code()).as("%s", refused).isEqualTo(ErrorCode.TIMEOUT);
      bystanders.awaitProgress();
      limit(process.child(), "nofile", 1024);
      taken.forEach(BlobWriter::abort);
      Waits.until("a server that accepts again", () -> connects(process));
      assertThat(bystanders.finish()).isPositive();
      assertWorks(store);
      Waits.until("no descriptor more", () -> process.child().descriptors() <= before);
    }
    assertThat(Files.readString(log)).doesNotContain("ERROR");
  }

  private static VineyardException takeAll(ObjectStore store, List<BlobWriter> taken) {
    while (taken.size() < 20) {
      try {
        taken.add(Waits.value(store.createBlob(SEGMENT_BYTES)));
      } catch (VineyardException e) {
        return e;
      }
    }
    throw new AssertionError("expected a refusal, got " + taken);
  }

  private static boolean connects(StoreProcess process) {
    try {
      process.connectNow().close();
      return true;
    } catch (VineyardException e) {
      return false;
    }
  }

  /** A thread needs address space for its stack: without any, none can be started. */
  @Test
  void processWithoutThreadsLives() {
    try (ChildJvm child =
        ChildJvm.start(
            List.of(
                "-XX:ThreadStackSize=262144",
                "-Xms64m",
                "-Xmx64m",
                "-Xlog:disable",
                "-Xlog:all=warning:stderr"),
            Shop.class,
            folder.resolve("store.sock"))) {
      child.expect("open");
      limit(child, "as", addressBytes(child) + (64L << 20));
      assertThat(child.ask("client")).startsWith("LIMIT_REACHED");
      assertThat(child.ask("server")).startsWith("LIMIT_REACHED");
      assertThat(child.ask("blob")).startsWith("LIMIT_REACHED");
      assertThat(child.ask("status")).isEqualTo("0 bytes");
      assertThat(run("--pid", "" + child.pid(), "--as=unlimited:")).isZero();
      assertThat(child.ask("client")).isEqualTo("done");
      assertThat(child.ask("server")).isEqualTo("done");
      assertThat(child.ask("blob")).isEqualTo("done");
      assertThat(child.ask("status")).isEqualTo("0 bytes");
    }
  }

  private static long addressBytes(ChildJvm child) {
    try {
      String size =
          Files.readAllLines(Path.of("/proc/" + child.pid() + "/status")).stream()
              .filter(line -> line.startsWith("VmSize:"))
              .findFirst()
              .orElseThrow();
      return Long.parseLong(size.replaceAll("\\D", "")) << 10;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void clientWithoutDescriptorsFails() {
    try (StoreProcess process = StoreProcess.start(64 << 20, SEGMENT_BYTES);
        ChildJvm child = ChildJvm.start(Shop.class, folder.resolve("store.sock"))) {
      child.expect("open");
      assertThat(child.ask("connect " + process.socket())).isEqualTo("done");
      limit(child, "nofile", child.descriptors());
      assertThat(child.ask("connect " + process.socket())).startsWith("LIMIT_REACHED");
      limit(child, "nofile", 1024);
      assertThat(child.ask("connect " + process.socket())).isEqualTo("done");
      try (ObjectStore store = process.connectNow()) {
        Waits.until("1 client", () -> Waits.value(store.status()).clients() == 1);
        Waits.untilIdle(store);
      }
    }
  }
}
