package io.vineyard.benchmarks.micro;

import io.vineyard.benchmarks.Report;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs all that is in this package: {@code QUICK MILLIS JSON}. */
public final class MicroMain {
  private static final int ITERATIONS = 5;
  private static final int QUICK_ITERATIONS = 2;
  private static final String GARBAGE = "gc.alloc.rate.norm";

  private MicroMain() {}

  /** Runs it, and ends this JVM: with 0 if all went well. */
  public static void main(String[] arguments) throws RunnerException {
    int iterations = Boolean.parseBoolean(arguments[0]) ? QUICK_ITERATIONS : ITERATIONS;
    TimeValue time = TimeValue.milliseconds(Long.parseLong(arguments[1]));
    Options options =
        new OptionsBuilder()
            .include(MicroMain.class.getPackageName())
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .forks(1)
            .warmupIterations(iterations)
            .warmupTime(time)
            .measurementIterations(iterations)
            .measurementTime(time)
            .shouldFailOnError(true)
            .addProfiler(GCProfiler.class)
            .build();
    System.err.println("micro: measuring each part in a JVM of its own");
    Collection<RunResult> results =
        new Runner(
                options, OutputFormatFactory.createFormatInstance(System.err, VerboseMode.SILENT))
            .run();
    Report report = new Report("micro", Boolean.parseBoolean(arguments[2]));
    for (RunResult result : results) {
      add(report, result);
    }
    report.print();
  }

  private static void add(Report report, RunResult result) {
    String name = result.getPrimaryResult().getLabel();
    report.add("jvm", 0, name, "ns/op", samples(result.getPrimaryResult()));
    result
        .getSecondaryResults()
        .forEach(
            (label, second) -> {
              if (label.endsWith(GARBAGE)) {
                report.add("jvm", 0, name + ".garbage", "bytes/op", samples(second));
              }
            });
  }

  private static double[] samples(Result<?> result) {
    var statistics = result.getStatistics();
    double[] samples = new double[(int) statistics.getN()];
    for (int i = 0; i < samples.length; i++) {
      // The smallest to the largest, which is all that a report needs.
      samples[i] = statistics.getPercentile(100.0 * i / Math.max(1, samples.length - 1));
    }
    return samples;
  }
}
