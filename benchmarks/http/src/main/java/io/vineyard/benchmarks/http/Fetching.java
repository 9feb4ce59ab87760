package io.vineyard.benchmarks.http;

import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that takes all bytes of a response, and does nothing with them. */
final class Fetching implements End {
  private static final int BUFFER_BYTES = 256 << 10;

  private final int port;
  private final String setup;

  Fetching(int port, String setup) {
    this.port = port;
    this.setup = setup;
  }

  @Override
  public Line on(Line line) throws IOException {
    String request =
        "GET "
            + HttpEnd.uri(setup, Round.of(line))
            + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    byte[] buffer = new byte[BUFFER_BYTES];
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      InputStream response = socket.getInputStream();
      int read = response.read(buffer);
      String status = new String(buffer, 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
      if (!status.startsWith("HTTP/1.1 200 ")) {
        throw new IllegalStateException("expected status 200, got " + status);
      }
      long start = System.nanoTime();
      long bytes = 0;
      for (int count = read; count >= 0; count = response.read(buffer)) {
        bytes += count;
      }
      return Line.of(EndLoop.DONE).with("nanos", System.nanoTime() - start).with("bytes", bytes);
    }
  }
}
