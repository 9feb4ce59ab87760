package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Measures what streams take of the machine. */
@Command(
    name = "footprint",
    description = "Memory, garbage and processor time of 10 GiB that go through a 64 MiB window.")
final class Footprint implements Callable<Integer> {
  private static final String NAME = "footprint";
  private static final int BATCH_BYTES = SideBySide.MEDIUM;
  private static final long BYTES = 10L << 30;
  private static final long QUICK_BYTES = 1L << 30;
  private static final int MOST_CHUNKS = 2 << 10;
  private static final int IDLE_STREAMS = 1000;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final double MEGA = 1e6;

  @Mixin private Settings settings;

  @Override
  public Integer call() throws Exception {
    settings.checkTwoProcesses();
    Report report = settings.report(NAME);
    List<PeerKind> kinds = new ArrayList<>(settings.ours());
    kinds.addAll(settings.others());
    try (Contest contest = Contest.start(report, kinds, Work.HAND_OFF)) {
      contest.warmUp(Work.HAND_OFF, BATCH_BYTES, settings.seconds(15, 8));
      for (Peer peer : contest.peers()) {
        flow(report, peer);
        if (peer.kind().name().equals("ours")) {
          Line status = statusOf(peer);
          report.add(
              peer.kind().setup(), BATCH_BYTES, "peak", "bytes", (double) status.number("peak"));
          idle(report, peer);
        }
      }
      contest.quit();
    }
    report.print();
    return 0;
  }

  private static Line statusOf(Peer peer) throws InterruptedException {
    return peer.writer().ask(Line.of("status"), PATIENCE);
  }

  private void flow(Report report, Peer peer) throws InterruptedException {
    long count = (settings.isQuick() ? QUICK_BYTES : BYTES) / BATCH_BYTES;
    report.progress("%s, %d batches".formatted(peer.kind().label(), count));
    boolean isOurs = peer.kind().name().equals("ours");
    Line window = Line.of("more");
    if (isOurs) {
      window.with("chunks", MOST_CHUNKS); // as many as 64 MiB of them
    }
    // Others are slower: what they take for a chunk shows within seconds.
    Duration time = isOurs ? PATIENCE : Duration.ofSeconds(settings.isQuick() ? 3 : 10);
    Map<String, Line> before = peer.usage();
    long done = peer.round(Work.HAND_OFF, BATCH_BYTES, time, count, window).number("count");
    Map<String, Line> after = peer.usage();
    add(report, peer, "bytes", "bytes", done * (double) BATCH_BYTES);
    for (String role : before.keySet()) {
      double garbage = grown(before.get(role), after.get(role), "allocated") / done;
      double cpu = grown(before.get(role), after.get(role), "cpu") / done / 1e9 * MEGA;
      add(report, peer, "garbage." + role, "bytes/chunk", garbage);
      add(report, peer, "cpu." + role, "s/1M chunks", cpu);
    }
  }

  private static double grown(Line before, Line after, String what) {
    return before.has(what) ? after.number(what) - before.number(what) : Double.NaN;
  }

  private static void add(Report report, Peer peer, String metric, String unit, double value) {
    if (!Double.isNaN(value)) {
      PeerKind kind = peer.kind();
      report.add(
          new Measurement(
              kind.name(), kind.setup(), BATCH_BYTES, metric, unit, new double[] {value}));
    }
  }

  private void idle(Report report, Peer peer) throws InterruptedException {
    Duration time = settings.seconds(10, 4);
    report.progress(IDLE_STREAMS + " idle streams for " + time.toSeconds() + " s");
    peer.all(
        Line.of("open")
            .with("id", Peer.nextRound())
            .with("streams", IDLE_STREAMS)
            .with("clients", 1)
            .with("waiting", true),
        PATIENCE);
    Line idle = Line.of("idle").with("millis", time.toMillis());
    peer.all(idle, time.plus(PATIENCE)); // what was begun before may end first
    Map<String, Line> before = peer.usage();
    peer.all(idle, time.plus(PATIENCE));
    Map<String, Line> after = peer.usage();
    for (String role : before.keySet()) {
      double cpuMillis = grown(before.get(role), after.get(role), "cpu") / MEGA;
      report.add(
          peer.kind().setup(), 0, "idle-cpu." + role, "ms/s", cpuMillis * 1e3 / time.toMillis());
    }
    peer.all(Line.of("drop"), PATIENCE);
  }
}
