package io.vineyard.benchmarks.end;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A verb and values with names, as the orchestrator and its ends say them to each other: {@code
 * round id=7 bytes=4096}.
 *
 * @param verb the first word
 * @param values the others
 */
public record Line(String verb, Map<String, String> values) {

  /** Makes a line without values. */
  public static Line of(String verb) {
    return new Line(verb, new LinkedHashMap<>());
  }

  /** Reads a line. */
  public static Line parse(String text) {
    String[] words = text.split(" ", -1);
    Line line = of(words[0]);
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("expected NAME=VALUE, got " + words[i] + " in " + text);
      }
      line.values.put(words[i].substring(0, equals), words[i].substring(equals + 1));
    }
    return line;
  }

  /** Adds a value, in which a blank becomes an underscore. */
  public Line with(String name, Object value) {
    values.put(name, String.valueOf(value).replaceAll("\\s+", "_"));
    return this;
  }

  /** Adds all values of another line. */
  public Line withAll(Line other) {
    values.putAll(other.values);
    return this;
  }

  /** Returns whether there is a value of this name. */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /** Returns a value. */
  public String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("expected " + name + " in: " + this);
    }
    return value;
  }

  /** Returns a value as a number. */
  public long number(String name) {
    return Long.parseLong(text(name));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(verb);
    values.forEach((name, value) -> text.append(' ').append(name).append('=').append(value));
    return text.toString();
  }
}
