package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.EndProcess;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKinds;
import io.vineyard.benchmarks.peer.Workspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lets a store run for long, while others come, go and are killed. */
@Command(
    name = "soak",
    description = "Writers and readers come, go and are killed for --seconds: nothing may leak.")
final class Soak implements Callable<Integer> {
  private static final String NAME = "soak";
  private static final int BATCH_BYTES = SideBySide.MEDIUM;
  private static final Duration ROUND = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long POLL_NANOS = 100_000_000;
  private static final int MOST_COMPARED = 60;
  private static final int PARTS = 10;
  private static final List<String> LEAKS = List.of("used", "leases", "streams");

  @Mixin private Settings settings;

  @Override
  public Integer call() throws Exception {
    settings.checkNoSetup();
    Report report = settings.reportOfOurs(NAME);
    boolean leaked;
    try (Workspace workspace = Workspace.create();
        Peer steady = PeerKinds.ours(PeerKinds.SERVER).start(workspace)) {
      leaked = soak(report, workspace, steady);
    }
    report.print();
    return leaked ? 1 : 0;
  }

  private boolean soak(Report report, Workspace workspace, Peer steady) throws Exception {
    Duration time = settings.seconds(600, 20);
    report.progress("warming up");
    List<Double> rates = new ArrayList<>();
    try (Visitors visitors = new Visitors(workspace, steady.end("server"))) {
      visitors.comeAndGo(); // each way once, so that all threads there are have begun
      rates(steady, Duration.ofSeconds(settings.isQuick() ? 4 : 15));
      Map<String, Line> before = steady.usage();
      visitors.start();
      report.progress("running for " + time.toSeconds() + " s");
      rates.addAll(rates(steady, time));
      visitors.stop();
      report.add(PeerKinds.SERVER, 0, "visitors", "count", visitors.count());
      addRates(report, rates);
      boolean leaked = addUsage(report, steady, before);
      return addStatus(report, steady) || leaked;
    }
  }

  private static List<Double> rates(Peer steady, Duration time) throws InterruptedException {
    List<Double> rates = new ArrayList<>();
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      rates.add(SideBySide.batchesPerSecond(steady.round(Work.HAND_OFF, BATCH_BYTES, ROUND)));
    }
    return rates;
  }

  private static void addRates(Report report, List<Double> rates) {
    int compared = Math.max(1, Math.min(MOST_COMPARED, rates.size() / PARTS));
    double first = addRate(report, "rate.first", rates.subList(0, compared));
    double last =
        addRate(report, "rate.last", rates.subList(rates.size() - compared, rates.size()));
    report.add(PeerKinds.SERVER, BATCH_BYTES, "last-over-first", "x", last / first);
    report.ratio(
        String.format(Locale.ROOT, "the rate at the end is %.2fx that at first", last / first));
  }

  private static double addRate(Report report, String metric, List<Double> rates) {
    Measurement rate =
        new Measurement(
            "ours",
            PeerKinds.SERVER,
            BATCH_BYTES,
            metric,
            "batches/s",
            rates.stream().mapToDouble(Double::doubleValue).toArray());
    report.add(rate);
    return rate.median();
  }

  /** Compares descriptors and threads with those before; pools may take a minute to shrink. */
  private boolean addUsage(Report report, Peer steady, Map<String, Line> before)
      throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(settings.isQuick() ? 5 : 90).toNanos();
    long descriptors = grown(before, steady.usage(), "descriptors");
    long threads = grown(before, steady.usage(), "threads");
    while (descriptors + threads > 0 && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(POLL_NANOS);
      descriptors = Math.min(descriptors, grown(before, steady.usage(), "descriptors"));
      threads = Math.min(threads, grown(before, steady.usage(), "threads"));
    }
    report.add(PeerKinds.SERVER, 0, "leaked.descriptors", "count", (double) descriptors);
    report.add(PeerKinds.SERVER, 0, "leaked.threads", "count", (double) threads);
    return descriptors + threads > 0;
  }

  private static long grown(Map<String, Line> before, Map<String, Line> after, String what) {
    long grown = 0;
    for (String role : before.keySet()) {
      grown += Math.max(0, after.get(role).number(what) - before.get(role).number(what));
    }
    return grown;
  }

  private static boolean addStatus(Report report, Peer steady) throws InterruptedException {
    steady.end("reader").quit();
    steady.end("writer").quit();
    EndProcess server = steady.end("server");
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    Line status = server.ask(Line.of("status"), PATIENCE);
    while (sum(status) > 0 && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(POLL_NANOS);
      status = server.ask(Line.of("status"), PATIENCE);
    }
    for (String leak : LEAKS) {
      String unit = leak.equals("used") ? "bytes" : "count";
      report.add(PeerKinds.SERVER, 0, "leaked." + leak, unit, (double) status.number(leak));
    }
    boolean leaked = sum(status) > 0;
    if (!leaked) {
      server.quit();
    }
    return leaked;
  }

  private static long sum(Line status) {
    return LEAKS.stream().mapToLong(status::number).sum();
  }
}
