package io.vineyard.benchmarks.other;

import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Eight bytes over a blocking Unix socket, whatever the batch: {@code writer|reader dir=FOLDER}. No
 * one whose threads are parked can be faster than this.
 */
public final class BareSocketEnd implements End {
  private final UnixDomainSocketAddress address;
  private final @Nullable ServerSocketChannel server;
  private final ByteBuffer message = ByteBuffer.allocateDirect(Long.BYTES);

  private BareSocketEnd(Line arguments) throws IOException {
    this.address = UnixDomainSocketAddress.of(Path.of(arguments.text("dir"), "bare"));
    if (arguments.verb().equals("writer")) {
      server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(address);
    } else {
      server = null;
    }
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, BareSocketEnd::new);
  }

  @Override
  public Line on(Line line) throws IOException {
    Round round = Round.of(line);
    try (SocketChannel channel = server == null ? SocketChannel.open(address) : server.accept()) {
      return server == null ? echo(channel) : ping(round, channel);
    }
  }

  private Line ping(Round round, SocketChannel channel) throws IOException {
    Latencies latencies = new Latencies();
    Round.Clock clock = round.start();
    for (long number = 0; !clock.isOver(number); number++) {
      long start = System.nanoTime();
      send(channel, number);
      long back = receive(channel);
      latencies.add(System.nanoTime() - start);
      if (back != number) {
        throw new IOException("expected " + number + ", got " + back);
      }
    }
    channel.shutdownOutput();
    return latencies.done();
  }

  private Line echo(SocketChannel channel) throws IOException {
    long count = 0;
    try {
      while (true) {
        send(channel, receive(channel));
        count++;
      }
    } catch (EOFException end) {
      return Line.of(EndLoop.DONE).with("count", count);
    }
  }

  private void send(SocketChannel channel, long number) throws IOException {
    message.clear().putLong(number).flip();
    while (message.hasRemaining()) {
      channel.write(message);
    }
  }

  private long receive(SocketChannel channel) throws IOException {
    message.clear();
    while (message.hasRemaining()) {
      if (channel.read(message) < 0) {
        throw new EOFException("the other end has ended");
      }
    }
    return message.flip().getLong();
  }

  @Override
  public void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }
}
