package io.vineyard.store.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The lines between a child JVM and the test that started it, as the child sees them. */
public final class ParentLines {
  private static final BufferedReader IN =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private ParentLines() {}

  /** Tells the parent. */
  public static synchronized void say(Object line) {
    System.out.println(line);
    System.out.flush();
  }

  /** Returns the next line of the parent; null when there is none, and the child should end. */
  public static @Nullable String hear() {
    try {
      return IN.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends this JVM at once when the parent ends its lines, or is gone. */
  public static void haltAtEnd() {
    Thread watch =
        new Thread(
            () -> {
              String line = hear();
              while (line != null) {
                line = hear();
              }
              Runtime.getRuntime().halt(0);
            },
            "parent");
    watch.setDaemon(true);
    watch.start();
  }
}
