package io.vineyard.benchmarks.other;

import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import io.vineyard.store.arrow.ArrowStreamReader;
import io.vineyard.store.arrow.ArrowStreamWriter;
import io.vineyard.store.arrow.RecordBatch;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/** Arrow IPC streams over a Unix socket: {@code writer|reader dir=FOLDER}. */
public final class IpcEnd implements End {
  private final boolean isWriter;
  private final UnixDomainSocketAddress address;
  private final @Nullable ServerSocketChannel server;
  private final BufferAllocator allocator = new RootAllocator();

  private IpcEnd(Line arguments) throws IOException {
    this.isWriter = arguments.verb().equals("writer");
    this.address = UnixDomainSocketAddress.of(Path.of(arguments.text("dir"), "ipc"));
    if (isWriter) {
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(address);
    } else {
      server = null;
    }
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, IpcEnd::new);
  }

  @Override
  public Line on(Line line) throws IOException {
    Round round = Round.of(line);
    try (SocketChannel channel = server == null ? SocketChannel.open(address) : server.accept()) {
      Line done;
      if (round.work() == Work.LATENCY) {
        done = isWriter ? ping(round, channel) : echo(round, channel);
      } else {
        done = isWriter ? write(round, channel) : read(round, channel);
      }
      if (allocator.getAllocatedMemory() != 0) {
        throw new IllegalStateException("expected all memory back, got " + allocator);
      }
      return done;
    }
  }

  private Line write(Round round, SocketChannel channel) {
    Round.Clock clock = round.start();
    long number = 0;
    try (ArrowStreamWriter out = ArrowStreamWriter.over(channel)) {
      while (!clock.isOver(number)) {
        send(out, round, number++);
      }
    }
    return Line.of(EndLoop.DONE).with("count", number);
  }

  private static Line read(Round round, SocketChannel channel) {
    Arrivals arrivals = new Arrivals();
    try (ArrowStreamReader in = ArrowStreamReader.over(channel)) {
      boolean more = true;
      while (more) {
        more = receive(in, round, arrivals);
      }
    }
    return arrivals.done();
  }

  private Line ping(Round round, SocketChannel channel) {
    Latencies latencies = new Latencies();
    Arrivals arrivals = new Arrivals();
    try (ArrowStreamReader in = pingAll(round, channel, latencies, arrivals)) {
      if (receive(in, round, arrivals)) {
        throw new IllegalStateException("expected the end, got one more batch");
      }
    }
    return latencies.done();
  }

  /**
   * Returns the stream of what comes back, up to its end, because the other end still writes it.
   */
  private ArrowStreamReader pingAll(
      Round round, SocketChannel channel, Latencies latencies, Arrivals arrivals) {
    Round.Clock clock = round.start();
    long number = 0;
    try (ArrowStreamWriter out = ArrowStreamWriter.over(channel)) {
      send(out, round, number++);
      ArrowStreamReader in = ArrowStreamReader.over(channel);
      receive(in, round, arrivals);
      while (!clock.isOver(number)) {
        long start = System.nanoTime();
        send(out, round, number++);
        receive(in, round, arrivals);
        latencies.add(System.nanoTime() - start);
      }
      return in;
    }
  }

  private Line echo(Round round, SocketChannel channel) {
    Arrivals arrivals = new Arrivals();
    long number = 0;
    try (ArrowStreamReader in = ArrowStreamReader.over(channel);
        ArrowStreamWriter out = ArrowStreamWriter.over(channel)) {
      while (receive(in, round, arrivals)) {
        send(out, round, number++);
      }
    }
    return Line.of(EndLoop.DONE).with("count", number);
  }

  private void send(ArrowStreamWriter out, Round round, long number) {
    try (RecordBatch batch = RecordBatch.of(Vectors.build(allocator, round, number))) {
      out.write(batch);
    }
  }

  private static boolean receive(ArrowStreamReader in, Round round, Arrivals arrivals) {
    try (RecordBatch batch = in.next()) {
      if (batch == null) {
        return false;
      }
      Vectors.check(batch.vectors(), round, arrivals.next());
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    if (server != null) {
      server.close();
    }
    allocator.close();
  }
}
