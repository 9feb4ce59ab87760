package io.vineyard.samples;

import java.nio.file.Path;

/** What {@code samples/run web} starts; only then it is on the class path, and Spring with it. */
public interface WebApp {

  /**
   * Serves until it is told to end, and returns the exit code.
   *
   * @param port where it listens, any free one if 0
   * @param flights the file that its producer reads
   */
  int serve(int port, Path flights) throws Exception;
}
