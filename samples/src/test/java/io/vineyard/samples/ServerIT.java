package io.vineyard.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerIT {
  @TempDir private Path folder;
  private Path socket;

  @BeforeEach
  void chooseSocket() {
    socket = folder.resolve("store.sock");
  }

  @Test
  void servesUntilItIsTerminated() throws Exception {
    try (SampleRun server = start("--capacity", "2g")) {
      assertThat(server.line())
          .isEqualTo("listening on " + socket + ", capacity " + (2L << 30) + " bytes");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      server.terminate();
      assertThat(server.exitCode()).isEqualTo(143);
      assertThat(server.output()).containsExactly("stopped listening on " + socket);
      assertThat(server.complaints()).isEmpty();
      assertThat(socket).doesNotExist();
    }
  }

  @Test
  void liveServerIsNotReplaced() throws Exception {
    try (SampleRun first = start();
        SampleRun second = startAfter(first)) {
      assertThat(second.exitCode()).isEqualTo(1);
      assertThat(second.complaints()).singleElement().asString().contains(socket.toString());
      try (SampleRun user = SampleRun.start("producer-consumer", "--server", socket.toString())) {
        assertThat(user.exitCode()).isZero();
      }
    }
  }

  @Test
  void staleSocketIsTakenOver() throws Exception {
    try (SampleRun first = start()) {
      first.line();
      first.kill();
      first.exitCode();
    }
    assertThat(socket).exists();
    try (SampleRun second = start()) {
      assertThat(second.line()).startsWith("listening on " + socket);
      second.terminate();
      assertThat(second.exitCode()).isEqualTo(143);
    }
  }

  @Test
  void fileThatIsNoSocketIsKept() throws Exception {
    Files.writeString(socket, "a diary");
    try (SampleRun server = start()) {
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(server.complaints()).singleElement().asString().contains(socket.toString());
    }
    assertThat(socket).hasContent("a diary");
  }

  @Test
  void wrongOptionsAreOneLineAndCodeTwo() throws Exception {
    try (SampleRun nowhere = SampleRun.start("server");
        SampleRun large = start("--capacity", "much")) {
      assertThat(nowhere.exitCode()).isEqualTo(2);
      assertThat(nowhere.complaints()).singleElement().asString().contains("--socket");
      assertThat(large.exitCode()).isEqualTo(2);
      assertThat(large.complaints()).singleElement().asString().contains("much");
    }
  }

  private SampleRun start(String... options) {
    String[] arguments = new String[options.length + 3];
    arguments[0] = "server";
    arguments[1] = "--socket";
    arguments[2] = socket.toString();
    System.arraycopy(options, 0, arguments, 3, options.length);
    return SampleRun.start(arguments);
  }

  private SampleRun startAfter(SampleRun first) throws InterruptedException {
    first.line();
    return start();
  }
}
