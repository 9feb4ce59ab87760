package io.vineyard.store.server;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.protocol.SocketPath;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a server's socket.
 *
 * <p>It is for its owner alone. A file that a dead server left is taken over; anything else in its
 * place is left alone.
 */
final class SocketFile {
  private final Path path;
  private @Nullable Object key;

  SocketFile(Path path) {
    this.path = SocketPath.of(path);
  }

  Path path() {
    return path;
  }

  /** Makes sure that a server can listen here. */
  void prepare() {
    Path folder = Objects.requireNonNullElse(path.getParent(), path);
    if (!Files.isDirectory(folder)) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected a folder for the socket, there is no " + folder);
    }
    if (!Files.isWritable(folder)) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected a folder to write the socket into, " + folder + " is not");
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      takeOver();
    }
  }

  private void takeOver() {
    if (!isSocket()) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected a socket or nothing at " + path + ", got another file");
    }
    if (isLive()) {
      throw VineyardException.of(
          ErrorCode.CONNECTION_FAILED,
          "expected no server at " + path + ", another one is listening there");
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected to remove the stale socket " + path + ": " + e, e);
    }
  }

  private boolean isSocket() {
    try {
      return SocketPath.isSocket(path, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isLive() {
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      return probe.isConnected();
    } catch (ConnectException e) {
      return false; // refused: nobody listens
    } catch (IOException e) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected to know whether a server listens at " + path + ": " + e, e);
    }
  }

  /** The server listens: from now on the file is ours. */
  void bound() {
    try {
      key = fileKey();
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      throw VineyardException.of(
          ErrorCode.IO_ERROR, "expected to own the socket " + path + ": " + e, e);
    }
  }

  private @Nullable Object fileKey() throws IOException {
    return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  /** Removes the file, if it is still ours. */
  void remove() {
    try {
      if (key != null && key.equals(fileKey())) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      key = null; // somebody else removed it
    }
  }
}
