package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.Workspace;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures what a chunk costs when there is more of everything. */
@Command(
    name = "scale",
    description = "What a chunk costs with 1,000 streams, 1,000,000 objects, 64 clients.")
final class Scale implements Callable<Integer> {
  private static final String NAME = "scale";
  private static final int BATCH_BYTES = 1024;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final List<Integer> STREAMS = List.of(1, 10, 100, 1000);
  private static final List<Integer> CLIENTS = List.of(1, 4, 16, 64);
  private static final List<Integer> OBJECTS = List.of(0, 10_000, 1_000_000);

  @Option(
      names = "--streams",
      split = ",",
      description = "Only this: so many streams at once, one number after the other.")
  private List<Integer> streams = List.of();

  @Option(
      names = "--clients",
      split = ",",
      description = "Only this: so many clients that read a stream each.")
  private List<Integer> clients = List.of();

  @Option(
      names = "--objects",
      split = ",",
      description = "Only this: a stream beside so many objects, rising.")
  private List<Integer> objects = List.of();

  @Mixin private Settings settings;

  @Override
  public Integer call() throws Exception {
    settings.checkTwoProcesses();
    if (streams.isEmpty() && clients.isEmpty() && objects.isEmpty()) {
      streams = STREAMS;
      clients = CLIENTS;
      objects = OBJECTS;
    }
    Report report = settings.reportOfOurs(NAME);
    for (PeerKind kind : settings.ours()) {
      try (Workspace workspace = Workspace.create();
          Peer peer = kind.start(workspace)) {
        Run run = new Run(report, peer, settings);
        run.warmUp();
        run.streams(streams);
        run.clients(clients);
        run.objects(objects);
        peer.quit();
      }
    }
    report.print();
    return 0;
  }

  /** One setup. */
  private static final class Run {
    private static final int ROUNDS = 5;
    private static final int QUICK_ROUNDS = 2;
    private static final int HEAP_WARM_UPS = 3;

    private final Report report;
    private final Peer peer;
    private final int rounds;
    private final Duration warmUp;
    private final Duration round;

    Run(Report report, Peer peer, Settings settings) {
      this.report = report;
      this.peer = peer;
      this.rounds = settings.isQuick() ? QUICK_ROUNDS : ROUNDS;
      this.warmUp = Duration.ofSeconds(settings.isQuick() ? 1 : 4);
      this.round = settings.seconds(3, 0.6);
    }

    void warmUp() throws InterruptedException {
      report.progress("warming up " + peer.kind().label());
      peer.round(Work.HAND_OFF, BATCH_BYTES, warmUp.multipliedBy(4));
      for (int streams : List.of(1, 100, 1)) {
        many(streams, 1, warmUp);
      }
    }

    void streams(List<Integer> counts) throws InterruptedException {
      Map<Integer, double[]> rates = new LinkedHashMap<>();
      for (int i = 0; i < rounds; i++) {
        for (int streams : counts) {
          rates.computeIfAbsent(streams, n -> new double[rounds])[i] = many(streams, 1, round);
        }
      }
      add("streams", rates);
    }

    void clients(List<Integer> counts) throws InterruptedException {
      Map<Integer, double[]> rates = new LinkedHashMap<>();
      for (int i = 0; i < rounds; i++) {
        for (int clients : counts) {
          rates.computeIfAbsent(clients, n -> new double[rounds])[i] =
              many(clients, clients, round);
        }
      }
      add("clients", rates);
    }

    void objects(List<Integer> counts) throws InterruptedException {
      Map<Integer, double[]> rates = new LinkedHashMap<>();
      for (int objects : counts) {
        report.progress(objects + " objects");
        peer.writer().ask(Line.of("objects").with("count", objects), PATIENCE);
        // A heap that has grown takes its new pages from the machine as it is filled once.
        many(1, 1, warmUp.multipliedBy(HEAP_WARM_UPS));
        double[] of = new double[rounds];
        for (int i = 0; i < rounds; i++) {
          of[i] = many(1, 1, round);
        }
        rates.put(objects, of);
      }
      add("objects", rates);
    }

    /** Runs streams at once, and returns how many batches a second arrived in all. */
    private double many(int streams, int clients, Duration time) throws InterruptedException {
      long id = Peer.nextRound();
      peer.all(
          Line.of("open").with("id", id).with("streams", streams).with("clients", clients),
          PATIENCE);
      Line run =
          new Round(id, Work.HAND_OFF, BATCH_BYTES, time.toMillis(), Long.MAX_VALUE).toLine();
      double rate =
          SideBySide.batchesPerSecond(peer.all(Line.of("run").withAll(run), time.plus(PATIENCE)));
      report.progress(
          String.format(
              Locale.ROOT, "%,d streams of %,d clients: %,.0f batches/s", streams, clients, rate));
      return rate;
    }

    private void add(String what, Map<Integer, double[]> rates) {
      if (rates.isEmpty()) {
        return;
      }
      String setup = peer.kind().setup();
      double[] first = rates.values().iterator().next();
      rates.forEach(
          (count, values) -> {
            report.add(setup, BATCH_BYTES, "rate." + what + "-" + count, "batches/s", values);
            double[] costs = new double[values.length];
            for (int i = 0; i < costs.length; i++) {
              costs[i] = first[i] / values[i]; // of the same round, because machines have moods
            }
            report.add(setup, BATCH_BYTES, "cost." + what + "-" + count, "x", costs);
            report.ratio(
                String.format(
                    Locale.ROOT,
                    "a chunk with %,d %s costs %.2fx (%s)",
                    count,
                    what,
                    new Measurement("", "", 0, "", "", costs).median(),
                    setup));
          });
    }
  }
}
