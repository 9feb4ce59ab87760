package io.vineyard.store.server.json;

import io.vineyard.store.core.TypePattern;
import java.util.function.Predicate;

/**
 * A pattern of a shell, with {@code *} for any text, {@code ?} for a character and {@code [...]}
 * for one of a set. Takes time proportional to the product of the lengths at most.
 */
record ShellPattern(String pattern) implements Predicate<String> {
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
