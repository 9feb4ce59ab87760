package io.vineyard.store.core;

import java.util.function.Predicate;

/**
 * A type name in which {@code *} stands for any text. Takes time proportional to the product of the
 * lengths at most, whatever the pattern.
 */
public record TypePattern(String pattern) implements Predicate<String> {
  private static final int NONE = -1;

  /** What a pattern has beside {@code *}. */
  @FunctionalInterface
  public interface Part {
    /**
     * Returns what comes after the part of the pattern at an index, if it stands for a character;
     * else -1.
     */
    int after(int at, char actual);
  }

  @Override
  public boolean test(String text) {
    return matches(pattern, text, (at, actual) -> pattern.charAt(at) == actual ? at + 1 : NONE);
  }

  /** Returns whether a pattern of {@code *} and such parts stands for all of a text. */
  public static boolean matches(String pattern, String text, Part part) {
    int at = 0;
    int next = 0;
    int star = NONE;
    int resume = 0;
    while (at < text.length()) {
      boolean isStar = next < pattern.length() && pattern.charAt(next) == '*';
      int after = isStar || next == pattern.length() ? NONE : part.after(next, text.charAt(at));
      if (isStar) {
        star = next++;
        resume = at;
      } else if (after != NONE) {
        next = after;
        at++;
      } else if (star != NONE) {
        next = star + 1;
        at = ++resume;
      } else {
        return false;
      }
    }
    while (next < pattern.length() && pattern.charAt(next) == '*') {
      next++;
    }
    return next == pattern.length();
  }
}
