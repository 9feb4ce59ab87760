package io.vineyard.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a benchmark found: tables for people with the ratios first, or JSON lines for programs. What
 * happens meanwhile is told on standard error.
 */
public final class Report {
  private static final int KIBI_SHIFT = 10;
  private static final double LARGE = 1000;
  private static final double SMALL = 10;

  private final String benchmark;
  private final boolean json;
  private final List<Measurement> measurements = new ArrayList<>();
  private final List<String> ratios = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  /** Begins a report. */
  public Report(String benchmark, boolean json) {
    this.benchmark = benchmark;
    this.json = json;
  }

  /** Tells what happens now. */
  void progress(String text) {
    System.err.println(benchmark + ": " + text);
  }

  /** Adds what readers of the table have to know; told at once as well. */
  void note(String text) {
    notes.add(text);
    progress(text);
  }

  /** Adds a comparison, which comes first. */
  void ratio(String text) {
    ratios.add(text);
  }

  /** Adds a measurement of this project. */
  public void add(String setup, int batchBytes, String metric, String unit, double... values) {
    add(new Measurement("ours", setup, batchBytes, metric, unit, values));
  }

  void add(Measurement measurement) {
    measurements.add(measurement);
    if (json) {
      System.out.println(measurement.toJson(benchmark));
    }
  }

  /** Prints the tables, unless it was JSON. */
  public void print() {
    if (json) {
      return;
    }
    for (String ratio : ratios) {
      System.out.println(ratio);
    }
    if (!ratios.isEmpty()) {
      System.out.println();
    }
    System.out.printf(
        "%-21s %-13s %9s  %-24s %12s %12s %12s  %s%n",
        "peer", "setup", "batch", "metric", "median", "min", "max", "unit");
    for (Measurement row : measurements) {
      System.out.printf(
          "%-21s %-13s %9s  %-24s %12s %12s %12s  %s%n",
          row.peer(),
          row.setup(),
          size(row.batchBytes()),
          row.metric(),
          number(row.median()),
          number(row.min()),
          number(row.max()),
          row.unit());
    }
    System.out.printf(
        "%nJDK %s, %d cores%n",
        System.getProperty("java.version"), Runtime.getRuntime().availableProcessors());
    notes.forEach(System.out::println);
  }

  /** Returns bytes as people write them. */
  static String size(int bytes) {
    if (bytes == 0) {
      return "";
    }
    int kibi = bytes >> KIBI_SHIFT;
    return kibi >= 1 << KIBI_SHIFT ? (kibi >> KIBI_SHIFT) + " MiB" : kibi + " KiB";
  }

  private static String number(double value) {
    double size = Math.abs(value);
    String format = size >= LARGE ? "%,.0f" : size >= SMALL ? "%.1f" : "%.3f";
    return String.format(Locale.ROOT, format, value);
  }
}
