package io.vineyard.store.server.json;

import io.vineyard.store.ErrorCode;
import io.vineyard.store.VineyardException;
import io.vineyard.store.core.TypePattern;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Patterns of type names and names, as Vineyard understands them.
 *
 * <p>Of regular expressions there are those whose time can be bounded: every repetition is one of a
 * single character or set, so that whatever takes steps looks at characters, which are counted.
 */
final class Patterns {
  private static final int MOST_CHARS = 1024;
  private static final int MOST_STEPS = 10_000_000;
  private static final String REPETITIONS = "*+?";
  private static final String CLASSES = "dDwWsS";

  /**
   * A pattern of a shell, with {@code *} for any text, {@code ?} for a character and {@code [...]}
   * for one of a set. Takes time proportional to the product of the lengths at most.
   */
  private record Shell(String pattern) implements Predicate<String> {
    private static final int NONE = -1;

    @Override
    public boolean test(String text) {
      return TypePattern.matches(pattern, text, this::one);
    }

    /** Returns what comes after the part that stands for one character; -1 if it is another one. */
    private int one(int at, char actual) {
      char expected = pattern.charAt(at);
      int end = expected == '[' ? pattern.indexOf(']', at + 2) : NONE;
      if (end != NONE) {
        return isIn(at + 1, end, actual) ? end + 1 : NONE;
      }
      return expected == '?' || expected == actual ? at + 1 : NONE;
    }

    private boolean isIn(int start, int end, char actual) {
      char first = pattern.charAt(start);
      boolean negated = first == '!' || first == '^';
      int at = negated ? start + 1 : start;
      boolean found = false;
      while (at < end) {
        boolean isRange = at + 2 < end && pattern.charAt(at + 1) == '-';
        char last = isRange ? pattern.charAt(at + 2) : pattern.charAt(at);
        found |= actual >= pattern.charAt(at) && actual <= last;
        at += isRange ? 3 : 1;
      }
      return found != negated;
    }
  }

  private Patterns() {}

  /**
   * Returns what a pattern accepts, for one list.
   *
   * @param isRegex whether it is a regular expression, of which a wrong one accepts nothing; or
   *     else one of a shell
   * @throws VineyardException with {@link ErrorCode#INVALID} if it is too long, or a regular
   *     expression whose time can't be bounded; also when it is used, if it takes too long
   */
  static Predicate<String> of(String pattern, boolean isRegex) {
    if (pattern.length() > MOST_CHARS) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected a pattern of at most " + MOST_CHARS + " characters, got " + pattern.length());
    }
    if (!isRegex) {
      return new Shell(pattern);
    }
    checkBounded(pattern);
    Pattern compiled;
    try {
      compiled = Pattern.compile(pattern, Pattern.DOTALL);
    } catch (PatternSyntaxException e) {
      return text -> false;
    }
    int[] steps = new int[1];
    return text -> matches(compiled, new Counted(text, steps));
  }

  private static void checkBounded(String pattern) {
    boolean repeatable = false;
    int at = 0;
    while (at < pattern.length()) {
      char one = pattern.charAt(at);
      if (REPETITIONS.indexOf(one) >= 0) {
        if (!repeatable) {
          throw notBounded("a repetition of a single character or set", pattern, at);
        }
        boolean isLazy = at + 1 < pattern.length() && pattern.charAt(at + 1) == '?';
        repeatable = false;
        at += isLazy ? 2 : 1;
      } else if (one == '[') {
        at = endOfSet(pattern, at);
        repeatable = true;
      } else if (one == '\\') {
        char escaped = at + 1 < pattern.length() ? pattern.charAt(at + 1) : 'x';
        if (Character.isLetterOrDigit(escaped) && CLASSES.indexOf(escaped) < 0) {
          throw notBounded("an escaped sign, or one of " + CLASSES, pattern, at);
        }
        at += 2;
        repeatable = true;
      } else if (one == '{' || (one == '(' && pattern.startsWith("(?", at))) {
        throw notBounded("no counted repetition and no special group", pattern, at);
      } else {
        repeatable = "()|^$".indexOf(one) < 0;
        at++;
      }
    }
  }

  private static int endOfSet(String pattern, int start) {
    int at = start + 1;
    if (at < pattern.length() && pattern.charAt(at) == '^') {
      at++;
    }
    int end = pattern.indexOf(']', at + 1);
    String set = end < 0 ? "&&" : pattern.substring(at, end);
    if (set.contains("&&") || set.indexOf('[') >= 0 || set.indexOf('\\') >= 0) {
      throw notBounded("a set of characters and ranges", pattern, start);
    }
    return end + 1;
  }

  private static VineyardException notBounded(String expected, String pattern, int at) {
    return VineyardException.of(
        ErrorCode.INVALID,
        "expected " + expected + " in a regular expression, got " + pattern + " at " + at);
  }

  private static boolean matches(Pattern pattern, Counted text) {
    try {
      return pattern.matcher(text).matches();
    } catch (StackOverflowError e) {
      throw tooHard();
    }
  }

  private static VineyardException tooHard() {
    return VineyardException.of(
        ErrorCode.INVALID, "expected a pattern that takes at most " + MOST_STEPS + " steps");
  }

  /**
   * A text that counts how often it is looked at: a pattern must not keep the store from others.
   */
  private record Counted(String text, int[] steps) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (++steps[0] > MOST_STEPS) {
        throw tooHard();
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
