package io.vineyard.store.message;

/** Bounds of texts that come from elsewhere and are for people to read. */
public final class Texts {
  /** The most characters of a reason: what is longer is cut, and ends with three dots. */
  public static final int MOST_CHARS = 4096;

  private static final String CUT = "...";

  private Texts() {}

  /** Returns a reason, cut if it is too long. */
  public static String cut(String text) {
    if (text.length() <= MOST_CHARS) {
      return text;
    }
    int end = MOST_CHARS - CUT.length();
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + CUT;
  }

  /** Returns a text as one line of a log, without anything in it that would end the line. */
  public static String line(String text) {
    StringBuilder line = new StringBuilder(cut(text));
    for (int i = 0; i < line.length(); i++) {
      if (Character.isISOControl(line.charAt(i))) {
        line.setCharAt(i, ' ');
      }
    }
    return line.toString();
  }
}
