package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.EndFailedException;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Peers side by side: all of them run, and take turns, so that nobody is measured while another one
 * works. A peer that fails drops out with a note; this project must not.
 */
final class Contest implements AutoCloseable {
  private static final String OURS = "ours";

  private final Report report;
  private final Workspace workspace;
  private final List<Peer> peers = new ArrayList<>();

  private Contest(Report report, Workspace workspace) {
    this.report = report;
    this.workspace = workspace;
  }

  /** Starts all that can do this work; the caller closes them. */
  static Contest start(Report report, List<PeerKind> kinds, Work work)
      throws IOException, InterruptedException {
    Contest contest = new Contest(report, Workspace.create());
    try {
      for (PeerKind kind : kinds) {
        contest.add(kind, work);
      }
      return contest;
    } catch (EndFailedException | IOException | InterruptedException e) {
      contest.close();
      throw e;
    }
  }

  private void add(PeerKind kind, Work work) throws IOException, InterruptedException {
    String reason = kind.reasonsWithout().get(work);
    if (reason != null) {
      report.note(kind.label() + " is left out: " + reason);
      return;
    }
    try {
      peers.add(kind.start(workspace));
    } catch (EndFailedException e) {
      if (kind.name().equals(OURS)) {
        throw e;
      }
      report.note(kind.label() + " does not run here: " + e.getMessage());
    }
  }

  /** Returns those that are still in it. */
  List<Peer> peers() {
    return List.copyOf(peers);
  }

  /** Warms each of them up. */
  void warmUp(Work work, int batchBytes, Duration time) throws InterruptedException {
    for (Peer peer : peers()) {
      report.progress("warming up " + peer.kind().label());
      Duration share = Duration.ofNanos((long) (time.toNanos() * peer.kind().warmUp()));
      long end = System.nanoTime() + share.toNanos();
      do {
        // Short rounds, because the ends of rounds are to be warm as well.
        tryRound(peer, work, batchBytes, share.dividedBy(4));
      } while (peers.contains(peer) && System.nanoTime() - end < 0);
    }
  }

  /** Runs rounds of one size in turn, and returns what each peer said in each round. */
  Map<PeerKind, List<Line>> run(Work work, int batchBytes, Pace pace) throws InterruptedException {
    for (Peer peer : peers()) {
      tryRound(peer, work, batchBytes, pace.sizeWarmUp());
    }
    Map<PeerKind, List<Line>> lines = new LinkedHashMap<>();
    for (int round = 1; round <= pace.rounds(); round++) {
      report.progress(
          "%s, round %d of %d".formatted(Report.size(batchBytes), round, pace.rounds()));
      for (Peer peer : peers()) {
        List<Line> of = lines.computeIfAbsent(peer.kind(), kind -> new ArrayList<>());
        Line done = tryRound(peer, work, batchBytes, pace.round());
        if (peers.contains(peer)) {
          of.add(done);
        } else {
          lines.remove(peer.kind());
        }
      }
    }
    return lines;
  }

  private Line tryRound(Peer peer, Work work, int batchBytes, Duration time)
      throws InterruptedException {
    try {
      Line done = peer.round(work, batchBytes, time);
      if (done.has("copied") && done.number("copied") > 0) {
        report.note(
            "%s copied %s of %s batches"
                .formatted(peer.kind().label(), done.text("copied"), done.text("count")));
      }
      return done;
    } catch (EndFailedException e) {
      if (peer.kind().name().equals(OURS)) {
        peer.complaints().forEach(System.err::println);
        throw e;
      }
      drop(peer, e);
      return Line.of("dropped");
    }
  }

  private void drop(Peer peer, EndFailedException e) {
    report.note(peer.kind().label() + " dropped out: " + e.getMessage());
    peers.remove(peer);
    peer.close();
  }

  /**
   * Lets all of them end.
   *
   * @throws EndFailedException if this project leaked something
   */
  void quit() throws InterruptedException {
    for (Peer peer : peers()) {
      try {
        peer.quit();
      } catch (EndFailedException e) {
        if (peer.kind().name().equals(OURS)) {
          peer.complaints().forEach(System.err::println);
          throw e;
        }
        drop(peer, e);
      }
      if (peer.kind().name().equals(OURS)) {
        peer.complaints().forEach(line -> report.progress(peer.kind().label() + ": " + line));
      }
    }
  }

  @Override
  public void close() {
    peers.forEach(Peer::close);
    workspace.close();
  }
}
