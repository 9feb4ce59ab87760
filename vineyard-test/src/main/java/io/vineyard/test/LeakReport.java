package io.vineyard.test;

import io.vineyard.test.Ledger.Entry;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a test has left, in words. */
final class LeakReport {
  private static final int MOST_LINES = 25;

  private final String title;
  private final Map<String, Integer> counts = new LinkedHashMap<>();
  private @Nullable Place firstPlace;

  LeakReport(String title) {
    this.title = title;
  }

  boolean isEmpty() {
    return counts.isEmpty();
  }

  void add(String leak) {
    counts.merge(leak, 1, Integer::sum);
  }

  /** Adds what was taken; a lease not, if the batch that is a view of it is there as well. */
  void add(List<Entry> entries) {
    Set<Long> seen = new HashSet<>();
    for (Entry entry : entries) {
      Entry source = entry.source();
      while (isBatch(entry) && source != null) {
        if (!isBatch(source)) {
          seen.add(source.number());
        }
        source = isBatch(source) ? source.source() : null;
      }
    }
    for (Entry entry : entries) {
      if (!seen.contains(entry.number())) {
        add(entry.toString(), entry.place());
      }
    }
  }

  private static boolean isBatch(Entry entry) {
    return entry.holding().kind() == Holding.Kind.BATCH;
  }

  /** Adds a thread, with what it does if it is not known where it was made. */
  void add(Thread thread) {
    Place made = ThreadBirths.of(thread);
    if (made.isKnown()) {
      add("a thread \"" + thread.getName() + "\", started " + made, made);
    } else {
      StackTraceElement[] stack = thread.getStackTrace();
      String doing = stack.length == 0 ? "" : ", which is at " + stack[0];
      add("a thread \"" + thread.getName() + "\", started at an unknown place" + doing);
    }
  }

  private void add(String leak, Place place) {
    add(leak);
    if (firstPlace == null && place.isKnown()) {
      firstPlace = place;
    }
  }

  void throwIfAny() {
    if (isEmpty()) {
      return;
    }
    List<String> lines = new ArrayList<>();
    counts.forEach((leak, count) -> lines.add(count == 1 ? leak : count + " times " + leak));
    StringBuilder text = new StringBuilder(title).append(" has left:");
    lines.stream().limit(MOST_LINES).forEach(line -> text.append("\n  ").append(line));
    if (lines.size() > MOST_LINES) {
      text.append("\n  and ").append(lines.size() - MOST_LINES).append(" more");
    }
    AssertionError error = new AssertionError(text.toString());
    Place place = firstPlace;
    if (place != null && place.line() != null) {
      // A tool that shows a failure at its line shows it at that of the leak.
      StackTraceElement test = place.test();
      error.setStackTrace(
          test == null
              ? new StackTraceElement[] {place.line()}
              : new StackTraceElement[] {place.line(), test});
    }
    throw error;
  }
}
