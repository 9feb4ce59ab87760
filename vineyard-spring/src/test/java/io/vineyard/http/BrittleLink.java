package io.vineyard.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A network between two machines that can be cut, so that peers hear of it, or fall silent. */
final class BrittleLink implements AutoCloseable {
  static final String THREADS = "brittle-link";

  private static final int BUFFER_BYTES = 16 << 10;
  private static final long STEP_NANOS = 1_000_000;

  private final ServerSocket listening;
  private final int port;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean silent;
  private volatile boolean closed;

  private BrittleLink(ServerSocket listening, int port) {
    this.listening = listening;
    this.port = port;
  }

  /** Forwards to a port of this machine. */
  static BrittleLink to(int port) throws IOException {
    BrittleLink link =
        new BrittleLink(new ServerSocket(0, 0, InetAddress.getLoopbackAddress()), port);
    link.start(link::accept);
    return link;
  }

  int port() {
    return listening.getLocalPort();
  }

  private interface Work {
    void run() throws IOException;
  }

  private void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException | UncheckedIOException gone) {
                // as the peers learn as well
              }
            },
            THREADS);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws IOException {
    while (!closed) {
      Socket here = listening.accept();
      Socket there = new Socket();
      sockets.add(here);
      sockets.add(there);
      there.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      start(() -> forward(here, there));
      start(() -> forward(there, here));
    }
  }

  private void forward(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        while (silent && !closed) {
          LockSupport.parkNanos(STEP_NANOS);
        }
        out.write(buffer, 0, count);
      }
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  /** From now on nothing arrives, and nobody is told. */
  void fallSilent() {
    silent = true;
  }

  /** Ends all connections; new ones are not made. */
  void cut() throws IOException {
    closed = true;
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  @Override
  public void close() throws IOException {
    cut();
  }
}
