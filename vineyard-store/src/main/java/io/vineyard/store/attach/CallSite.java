package io.vineyard.store.attach;

import java.security.CodeSource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the line of a user's program that called into the library. */
public final class CallSite {
  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private CallSite() {}

  /** Returns it in words. */
  public static String find() {
    Optional<StackWalker.StackFrame> caller =
        WALKER.walk(
            frames -> frames.filter(frame -> !isLibrary(frame.getDeclaringClass())).findFirst());
    return caller.map(StackWalker.StackFrame::toString).orElse("an unknown place");
  }

  private static boolean isLibrary(Class<?> type) {
    String name = type.getName();
    if (name.startsWith("java.") || name.startsWith("jdk.") || name.startsWith("reactor.")) {
      return true;
    }
    return name.startsWith("io.vineyard.")
        && !isTest(type.getProtectionDomain().getCodeSource())
        && !name.startsWith("io.vineyard.samples.");
  }

  private static boolean isTest(@Nullable CodeSource source) {
    return source != null
        && source.getLocation() != null
        && source.getLocation().getPath().contains("test");
  }
}
