package io.vineyard.store.protocol;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** What servers and clients have to know of the path of a Unix socket. */
public final class SocketPath {
  /** The longest path of a Unix socket on Linux, in bytes. */
  public static final int MOST_BYTES = 107;

  private static final int FILE_TYPE = 0170000;
  private static final int SOCKET_TYPE = 0140000;

  private SocketPath() {}

  /**
   * Returns the absolute path.
   *
   * @throws VineyardException with {@link ErrorCode#INVALID} if it is too long
   */
  public static Path of(Path path) {
    Path absolute = path.toAbsolutePath();
    int size = absolute.toString().getBytes(StandardCharsets.UTF_8).length;
    if (size > MOST_BYTES) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a socket path of at most "
              + MOST_BYTES
              + " bytes, got "
              + size
              + ": "
              + absolute);
    }
    return absolute;
  }

  /** Returns whether a file is a socket, or a link to one if that is followed. */
  public static boolean isSocket(Path path, LinkOption... options) throws IOException {
    int mode = (int) Files.getAttribute(path, "unix:mode", options);
    return (mode & FILE_TYPE) == SOCKET_TYPE;
  }
}
