package io.vineyard.store.core;

import java.util.function.Predicate;

/**
 * A type name in which {@code *} stands for any text. Takes time proportional to the product of the
 * lengths at most, whatever the pattern.
 */
final class TypePattern implements Predicate<String> {
  private final String pattern;

  TypePattern(String pattern) {
    this.pattern = pattern;
  }

  @Override
  public boolean test(String text) {
    int at = 0;
    int next = 0;
    int star = -1;
    int resume = 0;
    while (at < text.length()) {
      if (next < pattern.length() && pattern.charAt(next) == '*') {
        star = next++;
        resume = at;
      } else if (next < pattern.length() && pattern.charAt(next) == text.charAt(at)) {
        at++;
        next++;
      } else if (star >= 0) {
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
