package io.vineyard.test;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A line of a user's program, and the line of the test that led to it.
 *
 * @param line the innermost line that is the user's; null if it is not known
 * @param test the innermost line of the test class, where that is another one
 * @param isMeanwhile whether this is where the test was while some other thread did it
 */
record Place(
    @Nullable StackTraceElement line, @Nullable StackTraceElement test, boolean isMeanwhile) {
  static final Place UNKNOWN = new Place(null, null, false);

  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final List<String> LIBRARIES =
      List.of(
          "java.",
          "javax.",
          "jdk.",
          "sun.",
          "com.sun.",
          "reactor.",
          "org.reactivestreams.",
          "org.apache.arrow.",
          "org.apache.maven.",
          "org.assertj.",
          "org.junit.",
          "org.springframework.",
          "io.netty.",
          "io.vineyard.");

  /** Returns where the calling thread is; unknown if no line of it is a user's. */
  static Place here(Set<String> testClasses) {
    return WALKER.walk(
        frames -> of(frames.map(StackWalker.StackFrame::toStackTraceElement), testClasses, false));
  }

  /** Returns where a test is now. */
  static Place of(Thread thread, Set<String> testClasses) {
    return of(Stream.of(thread.getStackTrace()), testClasses, true);
  }

  private static Place of(
      Stream<StackTraceElement> frames, Set<String> testClasses, boolean isMeanwhile) {
    List<StackTraceElement> users =
        frames.filter(frame -> isUsers(frame, testClasses)).map(Place::plain).toList();
    if (users.isEmpty()) {
      return UNKNOWN;
    }
    StackTraceElement first = users.get(0);
    StackTraceElement test =
        users.stream().filter(frame -> isTest(frame, testClasses)).findFirst().orElse(first);
    return new Place(first, test.equals(first) ? null : test, isMeanwhile);
  }

  private static boolean isUsers(StackTraceElement frame, Set<String> testClasses) {
    String name = frame.getClassName();
    return isTest(frame, testClasses)
        || name.startsWith("io.vineyard.samples.")
        || LIBRARIES.stream().noneMatch(name::startsWith);
  }

  private static boolean isTest(StackTraceElement frame, Set<String> testClasses) {
    return testClasses.contains(outermost(frame.getClassName()));
  }

  /** Returns the name of the class of a source file, as far as Java's own compiler tells. */
  static String outermost(String className) {
    int nested = className.indexOf('$');
    return nested < 0 ? className : className.substring(0, nested);
  }

  /** Leaves out the class loader and the module, which say nothing here. */
  private static StackTraceElement plain(StackTraceElement frame) {
    return new StackTraceElement(
        frame.getClassName(), frame.getMethodName(), frame.getFileName(), frame.getLineNumber());
  }

  boolean isKnown() {
    return line != null;
  }

  /** Says it after a word like "taken", in the form that development tools make a link of. */
  @Override
  public String toString() {
    if (line == null) {
      return "at an unknown place";
    }
    String text = (isMeanwhile ? "while the test was at " : "at ") + line;
    return test == null ? text : text + ", called at " + test;
  }
}
