package io.vineyard.store.server;

import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.process.ChildJvm;
import io.vineyard.store.process.ParentLines;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** A JVM of another user, with a copy of the class path that it may read. */
final class Foreigner implements AutoCloseable {
  /** The user that owns nothing. */
  static final int USER = 65534;

  private static final Pattern NEEDED =
      Pattern.compile(
          "/(classes|test-classes|(vineyard|netty|reactor|reactive|jna|slf4j|logback)[^/]*)$");

  private final ChildJvm child;

  Foreigner(Path folder) throws IOException {
    Path copy = Files.createDirectory(folder.resolve("classes"));
    List<String> copied = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (NEEDED.matcher(entry).find()) {
        copied.add(copy(Path.of(entry), copy.resolve(String.valueOf(copied.size()))));
      }
    }
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    child = ChildJvm.startAs(USER, String.join(File.pathSeparator, copied), Main.class);
  }

  private static String copy(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      return Files.copy(from, Path.of(to + ".jar")).toString();
    }
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
    return to.toString();
  }

  String connect(Path socket) {
    return child.ask("connect " + socket);
  }

  String bind(Path socket) {
    return child.ask("bind " + socket);
  }

  @Override
  public void close() {
    child.close();
  }

  /** Runs in the child. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      for (String line = ParentLines.hear(); line != null; line = ParentLines.hear()) {
        String[] words = line.split(" ", 2);
        ParentLines.say(words[0] + " " + outcome(words[0], Path.of(words[1])));
      }
    }

    private static String outcome(String verb, Path socket) {
      try {
        if (verb.equals("bind")) {
          VineyardServer.create().socket(socket).bindNow().dispose();
        } else {
          VineyardClient.create()
              .socket(socket)
              .connectTimeout(Duration.ofSeconds(5))
              .connectNow()
              .close();
        }
        return "done";
      } catch (VineyardException e) {
        return e.code() + " " + e.getMessage();
      }
    }
  }
}
