package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Patterns of type names and names, as Vineyard understands them. */
final class Patterns {
  private static final int MOST_CHARS = 1024;
  private static final int MOST_STEPS = 100_000;

  private Patterns() {}

  /**
   * Returns what a pattern accepts.
   *
   * @param isRegex whether it is a regular expression, of which a wrong one accepts nothing; or
   *     else one of a shell, with {@code *}, {@code ?} and {@code [...]}
   */
  static Predicate<String> of(String pattern, boolean isRegex) {
    if (pattern.length() > MOST_CHARS) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a pattern of at most " + MOST_CHARS + " characters, got " + pattern.length());
    }
    if (!isRegex && pattern.equals("*")) {
      return text -> true;
    }
    Pattern compiled;
    try {
      compiled = Pattern.compile(isRegex ? pattern : ofShell(pattern), Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      return text -> false;
    }
    return text -> matches(compiled, text);
  }

  private static boolean matches(Pattern pattern, String text) {
    try {
      return pattern.matcher(new Bounded(text, new int[1])).matches();
    } catch (StackOverflowError e) {
      throw tooHard(pattern);
    }
  }

  private static VineyardException tooHard(Object pattern) {
    return VineyardException.of(
        ErrorCode.INVALID, "expected a pattern that is matched in few steps, got " + pattern);
  }

  private static String ofShell(String pattern) {
    StringBuilder regex = new StringBuilder();
    int at = 0;
    while (at < pattern.length()) {
      char one = pattern.charAt(at++);
      if (one == '*') {
        regex.append(".*");
      } else if (one == '?') {
        regex.append('.');
      } else if (one == '[' && pattern.indexOf(']', at + 1) > 0) {
        int end = pattern.indexOf(']', at + 1);
        regex.append(ofSet(pattern.substring(at, end)));
        at = end + 1;
      } else {
        regex.append(Pattern.quote(String.valueOf(one)));
      }
    }
    return regex.toString();
  }

  private static String ofSet(String set) {
    String escaped = set.replaceAll("[\\\\\\[\\]&^]", "\\\\$0");
    return set.startsWith("!") || set.startsWith("^")
        ? "[^" + escaped.substring(set.startsWith("^") ? 2 : 1) + "]"
        : "[" + escaped + "]";
  }

  /** A text that can be looked at so often: a pattern must not keep the store from all else. */
  private record Bounded(String text, int[] steps) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (++steps[0] > MOST_STEPS) {
        throw tooHard("one that takes more than " + MOST_STEPS);
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.subSequence(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
