package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What is wrong with a socket is said in one clear error, by servers and by clients. */
class SocketFaultsIT {
  @TempDir private Path folder;

  private static void assertFails(ThrowingCallable call, ErrorCode code, String words) {
    VineyardException failure = catchThrowableOfType(VineyardException.class, call);
    assertThat(failure).as("a typed error").isNotNull();
    assertThat(failure.code()).as(failure.getMessage()).isEqualTo(code);
    assertThat(failure.getMessage()).contains(words).doesNotContain("\n");
  }

  private static void assertClientFails(Path socket, ErrorCode code, String words) {
    assertFails(() -> VineyardClient.create().socket(socket).connectNow(), code, words);
  }

  private static void assertServerFails(Path socket, ErrorCode code, String words) {
    assertFails(() -> VineyardServer.create().socket(socket).bindNow(), code, words);
  }

  /** A socket file without a server, as one that was killed leaves it. */
  private Path stale() throws IOException {
    Path socket = folder.resolve("stale.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();
    return socket;
  }

  @Test
  void pathThatIsTooLong() {
    Path path = folder.resolve("x".repeat(200));
    String words = "expected a socket path of at most 107 bytes, got ";
    assertServerFails(path, ErrorCode.INVALID, words);
    assertClientFails(path, ErrorCode.INVALID, words);
    assertThat(path).doesNotExist();
  }

  @Test
  void longestPath() {
    int room = 107 - folder.toString().length() - 1;
    Path path = folder.resolve("x".repeat(room));
    BoundServer server = VineyardServer.create().socket(path).capacity(1 << 20).bindNow();
    VineyardClient.create().socket(path).connectNow().close();
    server.disposeNow(Duration.ofSeconds(5));
    assertThat(path).doesNotExist();
  }

  /** Others use that thread while what runs on it goes on, and would come behind it. */
  @Test
  void clientOfAThreadWhoseWorkerWasDisposed() {
    Path path = folder.resolve("store.sock");
    BoundServer server = VineyardServer.create().socket(path).capacity(1 << 20).bindNow();
    Scheduler.Worker worker = Schedulers.boundedElastic().createWorker();
    Mono<Boolean> closed =
        Mono.create(
            sink ->
                worker.schedule(
                    () -> {
                      worker.dispose();
                      try (ObjectStore store = VineyardClient.create().socket(path).connectNow()) {
                        sink.success(store.isClosed());
                      } catch (VineyardException e) {
                        sink.error(e);
                      }
                    }));
    assertThat(Waits.value(closed)).isFalse();
    server.disposeNow(Duration.ofSeconds(5));
  }

  @Test
  void timeThatIsNegative() {
    assertFails(
        () -> VineyardServer.create().keepFreed(Duration.ofNanos(-1)),
        ErrorCode.INVALID,
        "at least 0");
  }

  @Test
  void noPathAtAll() {
    assertFails(() -> VineyardServer.create().bindNow(), ErrorCode.INVALID, "got none");
    assertFails(() -> VineyardClient.create().connectNow(), ErrorCode.INVALID, "got none");
  }

  @Test
  void folderThatIsMissing() {
    Path path = folder.resolve("missing/store.sock");
    assertServerFails(path, ErrorCode.IO_ERROR, "there is no " + folder.resolve("missing"));
    assertClientFails(path, ErrorCode.CONNECTION_FAILED, "there is no " + path);
  }

  @Test
  void folderThatIsAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    assertServerFails(file.resolve("store.sock"), ErrorCode.IO_ERROR, "there is no " + file);
    assertClientFails(
        file.resolve("store.sock"), ErrorCode.CONNECTION_FAILED, "there is no " + file);
  }

  /** Even root cannot make a socket in this one. */
  @Test
  void folderThatIsNotWritable() {
    Path path = Path.of("/proc/self/store.sock");
    assertServerFails(path, ErrorCode.IO_ERROR, "expected ");
    assertThat(path).doesNotExist();
  }

  @Test
  void fileThatIsNoSocket() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "precious");
    assertServerFails(file, ErrorCode.IO_ERROR, "expected a socket or nothing at " + file);
    assertClientFails(file, ErrorCode.CONNECTION_FAILED, file + " is another kind of file");
    assertThat(file).hasContent("precious");
    assertServerFails(folder, ErrorCode.IO_ERROR, "expected a socket or nothing at " + folder);
    assertClientFails(folder, ErrorCode.CONNECTION_FAILED, "is another kind of file");
    Path device = Path.of("/dev/null");
    assertServerFails(device, ErrorCode.IO_ERROR, "expected a socket or nothing at " + device);
    assertClientFails(device, ErrorCode.CONNECTION_FAILED, device + " is another kind of file");
  }

  @Test
  void linkToNothing() throws IOException {
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nothing"));
    assertServerFails(link, ErrorCode.IO_ERROR, "expected a socket or nothing at " + link);
    assertClientFails(link, ErrorCode.CONNECTION_FAILED, "there is no " + link);
  }

  @Test
  void nobodyListens() throws IOException {
    Path socket = stale();
    assertClientFails(socket, ErrorCode.CONNECTION_FAILED, "Connection refused");
    BoundServer server = VineyardServer.create().socket(socket).capacity(1 << 20).bindNow();
    VineyardClient.create().socket(socket).connectNow().close();
    server.disposeNow(Duration.ofSeconds(5));
  }

  @Test
  void serverThatListensAlready() {
    Path socket = folder.resolve("store.sock");
    BoundServer server = VineyardServer.create().socket(socket).capacity(1 << 20).bindNow();
    try (ObjectStore store = VineyardClient.create().socket(socket).connectNow()) {
      assertServerFails(socket, ErrorCode.CONNECTION_FAILED, "another one is listening there");
      assertThat(store.status().block(Duration.ofSeconds(5)).clients()).isEqualTo(1);
    }
    server.disposeNow(Duration.ofSeconds(5));
    assertThat(socket).doesNotExist();
  }

  @Test
  void otherUsersAreRefused() throws IOException {
    assumeThat(isRoot()).as("only root can become another user").isTrue();
    Path socket = folder.resolve("store.sock");
    BoundServer server = VineyardServer.create().socket(socket).capacity(1 << 20).bindNow();
    try (Foreigner foreigner = new Foreigner(folder)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
          .isEqualTo("rw-------");
      assertThat(foreigner.connect(socket))
          .isEqualTo(
              "CONNECTION_FAILED expected the socket of a store, this user may not connect"
                  + " to "
                  + socket);
      assertThat(foreigner.bind(socket))
          .startsWith("IO_ERROR expected a folder to write the socket into, " + folder);
      // Whoever may connect nevertheless is refused for who it is.
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
      assertThat(foreigner.connect(socket))
          .startsWith("CONNECTION_FAILED expected to attach to the store at " + socket)
          .endsWith("expected a client of user 0, got one of user " + Foreigner.USER);
      // A live server of somebody else is not taken for a dead one of my own.
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
      assertThat(foreigner.bind(socket))
          .startsWith("IO_ERROR expected to know whether a server listens at " + socket);
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
      assertThat(foreigner.connect(socket)).contains("this user may not look at " + socket);
      VineyardClient.create().socket(socket).connectNow().close();
    }
    server.disposeNow(Duration.ofSeconds(5));
  }

  @Test
  void boundServerThatHasEndedHasNoMoreClients() {
    BoundServer server =
        VineyardServer.create().socket(folder.resolve("s")).capacity(1 << 20).bindNow();
    server.disposeNow(Duration.ofSeconds(5));
    assertThatThrownBy(server::connectNow).isInstanceOf(StoreLostException.class);
  }

  private static boolean isRoot() throws IOException {
    return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
  }
}
