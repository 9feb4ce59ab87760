package io.vineyard.test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The rows in which two tables differ, side by side. */
final class DifferenceTable {
  private static final int MOST_ROWS = 20;
  private static final int MOST_COLUMNS = 8;
  private static final int MOST_CHARACTERS = 24;
  private static final String GAP = "  ";
  private static final String NO_ROW = "-";

  private final List<String> columns;
  private final List<List<@Nullable Object>> actual;
  private final List<List<@Nullable Object>> expected;
  private final List<Integer> differing = new ArrayList<>();

  private DifferenceTable(
      List<String> columns,
      List<List<@Nullable Object>> actual,
      List<List<@Nullable Object>> expected) {
    this.columns = columns;
    this.actual = actual;
    this.expected = expected;
    for (int row = 0; row < Math.max(actual.size(), expected.size()); row++) {
      if (!Objects.equals(row(actual, row), row(expected, row))) {
        differing.add(row);
      }
    }
  }

  private static @Nullable List<@Nullable Object> row(List<List<@Nullable Object>> rows, int row) {
    return row < rows.size() ? rows.get(row) : null;
  }

  /** Returns what to say of the differences, null if there are none. */
  static @Nullable String of(
      List<String> columns,
      List<List<@Nullable Object>> actual,
      List<List<@Nullable Object>> expected) {
    DifferenceTable table = new DifferenceTable(columns, actual, expected);
    return table.differing.isEmpty() ? null : table.text();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    text.append("expected %d rows, got %d; ".formatted(expected.size(), actual.size()));
    text.append(differing.size() == 1 ? "1 row differs" : differing.size() + " rows differ");
    List<Integer> shown = shownColumns();
    if (shown.size() < columns.size()) {
      text.append(", shown in " + shown.size() + " of " + columns.size() + " columns");
    }
    text.append(":\n");
    List<List<String>> table = new ArrayList<>();
    table.add(numbers());
    shown.forEach(column -> table.add(cells(column, actual, expected, "actual ")));
    shown.forEach(column -> table.add(cells(column, expected, actual, "expected ")));
    for (int line = 0; line < table.get(0).size(); line++) {
      text.append(line(table, line).stripTrailing()).append('\n');
    }
    if (differing.size() > MOST_ROWS) {
      text.append("and ").append(differing.size() - MOST_ROWS).append(" more\n");
    }
    return text.toString();
  }

  /** Wide tables are shown in the columns that differ; the first is mostly a key. */
  private List<Integer> shownColumns() {
    IntStream all = IntStream.range(0, columns.size());
    return columns.size() <= MOST_COLUMNS
        ? all.boxed().toList()
        : all.filter(column -> column == 0 || differs(column)).limit(MOST_COLUMNS).boxed().toList();
  }

  private boolean differs(int column) {
    return differing.stream().anyMatch(row -> differs(row, column));
  }

  private boolean differs(int row, int column) {
    List<@Nullable Object> left = row(actual, row);
    List<@Nullable Object> right = row(expected, row);
    return left == null || right == null || !Objects.equals(left.get(column), right.get(column));
  }

  private List<String> numbers() {
    List<String> cells = new ArrayList<>();
    cells.add("row");
    differing.stream().limit(MOST_ROWS).forEach(row -> cells.add(String.valueOf(row)));
    return cells;
  }

  private List<String> cells(
      int column,
      List<List<@Nullable Object>> mine,
      List<List<@Nullable Object>> others,
      String side) {
    List<String> cells = new ArrayList<>();
    cells.add(side + columns.get(column));
    for (int row : differing.subList(0, Math.min(differing.size(), MOST_ROWS))) {
      List<@Nullable Object> values = row(mine, row);
      boolean isMarked = values != null && row(others, row) != null && differs(row, column);
      String text = values == null ? NO_ROW : shortened(String.valueOf(values.get(column)));
      cells.add(isMarked ? "*" + text : text);
    }
    return cells;
  }

  private static String line(List<List<String>> table, int line) {
    StringBuilder text = new StringBuilder();
    for (List<String> column : table) {
      int width = column.stream().mapToInt(String::length).max().orElse(0);
      String cell = column.get(line);
      text.append(cell).append(" ".repeat(width - cell.length())).append(GAP);
    }
    return text.toString();
  }

  private static String shortened(String text) {
    String line = text.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= MOST_CHARACTERS ? line : line.substring(0, MOST_CHARACTERS - 1) + "…";
  }
}
