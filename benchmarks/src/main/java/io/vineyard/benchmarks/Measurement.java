package io.vineyard.benchmarks;

import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * What was measured, in all rounds.
 *
 * @param peer who
 * @param setup where what served it ran, or the languages of its ends
 * @param batchBytes the size of the batches; 0 if there were none
 * @param metric what
 * @param unit in which unit
 * @param values one for each round, at least one
 */
record Measurement(
    String peer, String setup, int batchBytes, String metric, String unit, double[] values) {

  double median() {
    double[] sorted = DoubleStream.of(values).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  double min() {
    return DoubleStream.of(values).min().orElseThrow();
  }

  double max() {
    return DoubleStream.of(values).max().orElseThrow();
  }

  /** Returns one JSON object. */
  String toJson(String benchmark) {
    return String.format(
        Locale.ROOT,
        "{\"benchmark\":\"%s\",\"peer\":\"%s\",\"setup\":\"%s\",\"batch_bytes\":%d,"
            + "\"metric\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"min\":%s,\"max\":%s,"
            + "\"rounds\":%d,\"jdk\":\"%s\",\"cores\":%d}",
        benchmark,
        peer,
        setup,
        batchBytes,
        metric,
        number(median()),
        unit,
        number(min()),
        number(max()),
        values.length,
        System.getProperty("java.version"),
        Runtime.getRuntime().availableProcessors());
  }

  private static String number(double value) {
    return Double.toString(Math.round(value * 1e3) / 1e3);
  }
}
