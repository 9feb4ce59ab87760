package io.vineyard.benchmarks;

import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.benchmarks.peer.EndFailedException;
import io.vineyard.benchmarks.peer.EndProcess;
import io.vineyard.benchmarks.peer.Peer;
import io.vineyard.benchmarks.peer.PeerKind;
import io.vineyard.benchmarks.peer.PeerKinds;
import io.vineyard.benchmarks.peer.Workspace;
import io.vineyard.store.WriterLostException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Pairs of processes that come to a store, stream, and leave it or are killed, one by one. */
final class Visitors implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int LONGEST_MILLIS = 800;
  private static final int STAY_MILLIS = 1500;

  /** How a pair ends. */
  private enum End {
    LEAVE,
    WRITER_KILLED,
    READER_KILLED
  }

  private final PeerKind pairs;
  private final Workspace workspace;
  private final EndProcess server;
  private final Random random = new Random(1);
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private volatile boolean stopped;
  private final AtomicInteger count = new AtomicInteger();
  private @Nullable Thread thread;

  Visitors(Workspace workspace, EndProcess server) {
    PeerKind ours = PeerKinds.ours(PeerKinds.SERVER);
    this.pairs =
        new PeerKind(
            ours.name(),
            ours.setup(),
            List.of("writer", "reader"),
            ours.command(),
            ours.warmUp(),
            ours.mostBytes(),
            ours.reasonsWithout());
    this.workspace = workspace;
    this.server = server;
  }

  /** Begins with pairs that follow each other until {@link #stop}. */
  void start() {
    Thread visiting = new Thread(this::visit, "visitors");
    visiting.setDaemon(true);
    visiting.start();
    thread = visiting;
  }

  /** Waits for the last pair. */
  void stop() throws Exception {
    stopped = true;
    if (thread != null) {
      thread.join();
    }
    Exception failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  /** Returns how many pairs have come. */
  int count() {
    return count.get();
  }

  private void visit() {
    try {
      while (!stopped) {
        comeAndGo();
      }
    } catch (Exception e) {
      failure.set(e);
    }
  }

  /** Lets one pair of each kind come. */
  void comeAndGo() throws IOException, InterruptedException {
    for (End end : End.values()) {
      if (!stopped) {
        comeAndGo(end);
      }
    }
  }

  private void comeAndGo(End end) throws IOException, InterruptedException {
    long id = Peer.nextRound();
    try (Peer pair = pairs.start(workspace)) {
      Line round =
          new Round(id, Work.HAND_OFF, SideBySide.MEDIUM, STAY_MILLIS, Long.MAX_VALUE).toLine();
      pair.writer().send(round);
      pair.end("reader").send(round);
      if (end == End.LEAVE) {
        pair.writer().receive(PATIENCE);
        pair.end("reader").receive(PATIENCE);
        pair.quit();
      } else {
        server.ask(Line.of("await").with("id", id), PATIENCE);
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(LONGEST_MILLIS)).toNanos());
        kill(pair, end);
      }
    }
    count.incrementAndGet();
    forget(id);
  }

  private static void kill(Peer pair, End end) throws InterruptedException {
    if (end == End.READER_KILLED) {
      pair.end("reader").kill();
      pair.writer().kill(); // nobody reads what it writes any more
      return;
    }
    pair.writer().kill();
    try {
      Line done = pair.end("reader").receive(PATIENCE);
      throw new IllegalStateException("expected the reader to lose its writer, got " + done);
    } catch (EndFailedException e) {
      if (!String.valueOf(e.getMessage()).contains(WriterLostException.class.getSimpleName())) {
        throw e;
      }
      pair.end("reader").quit();
    }
  }

  /** Streams without an end that was read stay for the next reader: there is none. */
  private void forget(long id) throws InterruptedException {
    server.ask(Line.of("forget").with("id", id), PATIENCE);
  }

  @Override
  public void close() {
    stopped = true;
    if (thread != null) {
      thread.interrupt();
    }
  }
}
