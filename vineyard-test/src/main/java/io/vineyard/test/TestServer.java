package io.vineyard.test;

import java.nio.file.Path;

/**
 * The process that serves the store of a test, for tests of what happens when it dies. A parameter
 * of a {@link VineyardTest} whose store is {@link VineyardTest.Store#SERVED}; thread-safe.
 */
public final class TestServer {
  private final TestServerProcess process;
  private final Path socket;

  TestServer(TestServerProcess process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /** Returns the path of the socket, for clients in other processes or with other settings. */
  public Path socket() {
    return socket;
  }

  /** Returns the id of the process. */
  public long pid() {
    return process.pid();
  }

  /** Returns whether the process has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Ends the process as {@code kill -9} does, and waits until it is gone: every client gets a
   * {@link io.vineyard.store.StoreLostException} soon after. What clients hold stays readable.
   */
  public void kill() {
    process.close();
  }

  @Override
  public String toString() {
    return "server " + pid() + " at " + socket;
  }
}
