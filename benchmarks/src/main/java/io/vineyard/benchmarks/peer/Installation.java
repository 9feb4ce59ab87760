package io.vineyard.benchmarks.peer;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.StringTokenizer;

/** Where this program and its peers are, and how JVMs are started. */
public final class Installation {
  private static final int WARNING_JDK = 24;

  private Installation() {}

  /** Returns the folder of the benchmarks: {@code benchmarks/run} says it. */
  public static Path home() {
    return Path.of(System.getProperty("benchmarks.home", "")).toAbsolutePath();
  }

  /** Returns the class path of this program. */
  static String ownClassPath() {
    return System.getProperty("java.class.path");
  }

  /**
   * Returns the class path of a module beside this one.
   *
   * @throws EndFailedException if it was not built
   */
  public static String classPathOf(String module) throws IOException {
    Path out = home().resolve(module).resolve("target").resolve("quick");
    Path file = out.resolve("classpath.txt");
    if (!Files.isReadable(file)) {
      throw new EndFailedException("its libraries are not here, there is no " + file);
    }
    return out.resolve("classes") + File.pathSeparator + Files.readString(file).strip();
  }

  /** Returns a command that starts a class in a JVM of its own. */
  public static List<String> java(List<String> flags, String classPath, String main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= WARNING_JDK) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(flags);
    command.add("-cp");
    command.add(classPath);
    command.add(main);
    return command;
  }

  /** Returns flags for the JVMs of this project that whoever looks for time lost may add. */
  static List<String> addedFlags() {
    List<String> flags = new ArrayList<>();
    String added = System.getenv("BENCHMARKS_FLAGS");
    StringTokenizer words = new StringTokenizer(added == null ? "" : added);
    while (words.hasMoreTokens()) {
      flags.add(words.nextToken());
    }
    return flags;
  }
}
