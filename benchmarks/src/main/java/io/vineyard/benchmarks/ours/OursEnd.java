package io.vineyard.benchmarks.ours;

import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Work;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * One end of streams, or a store of its own, or both ends in one JVM: {@code ROLE setup=SETUP
 * dir=FOLDER}.
 */
public final class OursEnd implements End {
  private final String role;
  private final Stores stores;
  private final Sending sending;
  private final Receiving receiving;
  private final ManyStreams many;

  private OursEnd(Line arguments) {
    this.role = arguments.verb();
    this.stores = Stores.open(role, arguments);
    this.sending = new Sending(stores.writers());
    this.receiving = new Receiving(stores.readers(), stores.waiting());
    this.many = new ManyStreams(stores);
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, OursEnd::new);
  }

  @Override
  public Line on(Line line) throws Exception {
    return switch (line.verb()) {
      case Round.VERB -> round(line);
      case "status" -> stores.status();
      case "objects" -> BesideObjects.create(stores.writers(), line.number("count"));
      case "open" -> isWriter() ? many.openWriters(line) : many.openReaders(line);
      case "run" -> isWriter() ? many.write(Round.of(line)) : many.read(Round.of(line));
      case "idle" -> many.idle(line.number("millis"));
      case "drop" -> many.drop();
      case "await" -> stores.await("r" + line.number("id"));
      case "forget" -> stores.forget("r" + line.number("id"));
      default -> throw new IllegalArgumentException("expected a known verb, got " + line);
    };
  }

  private Line round(Line line) throws Exception {
    Round round = Round.of(line);
    if (role.equals("jvm")) {
      Future<Line> read =
          CompletableFuture.supplyAsync(
              () -> round.work() == Work.LATENCY ? receiving.echo(round) : receiving.read(round));
      Line written = send(round, line);
      Line got = read.get();
      return round.work() == Work.LATENCY ? written : got;
    }
    if (isWriter()) {
      return send(round, line);
    }
    return round.work() == Work.LATENCY ? receiving.echo(round) : receiving.read(round);
  }

  private Line send(Round round, Line line) {
    return round.work() == Work.LATENCY
        ? new Ping(stores.writers(), stores.waiting(), round).run()
        : sending.write(round, line);
  }

  private boolean isWriter() {
    return role.equals("writer");
  }

  @Override
  public void close() {
    stores.close();
  }
}
