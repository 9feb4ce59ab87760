package io.vineyard.samples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;

/** Starts a class of this class path in a JVM of its own, which prints where this one does. */
public final class SecondJvm {
  private SecondJvm() {}

  /** Starts the {@code main} of a class; the caller ends the process, if nothing else does. */
  public static Process start(Class<?> main, Object... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // what samples/run adds
    var flags = new StringTokenizer(System.getProperty("samples.flags", ""));
    while (flags.hasMoreTokens()) {
      command.add(flags.nextToken());
    }
    command.add("-Dsamples.terminal=" + Boolean.getBoolean("samples.terminal"));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return new ProcessBuilder(command).inheritIO().start();
  }
}
