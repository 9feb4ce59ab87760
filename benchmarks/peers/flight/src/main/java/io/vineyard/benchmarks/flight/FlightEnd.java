package io.vineyard.benchmarks.flight;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.DomainSocketAddress;
import io.vineyard.benchmarks.end.Arrivals;
import io.vineyard.benchmarks.end.End;
import io.vineyard.benchmarks.end.EndLoop;
import io.vineyard.benchmarks.end.Latencies;
import io.vineyard.benchmarks.end.Line;
import io.vineyard.benchmarks.end.Round;
import io.vineyard.benchmarks.end.Vectors;
import io.vineyard.benchmarks.end.Work;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/**
 * A Flight server that writes, or a client that reads: {@code writer dir=FOLDER}, {@code reader
 * dir=FOLDER port=N}, over TCP, or over a Unix socket if the property {@code benchmarks.transport}
 * says {@code uds}.
 */
public final class FlightEnd implements End {
  private final BufferAllocator allocator = new RootAllocator();
  private final Writing writing = new Writing(allocator);
  private final @Nullable FlightServer server;
  private final @Nullable FlightClient client;

  private FlightEnd(Line arguments) throws IOException {
    Location location = location(arguments);
    if (arguments.verb().equals("writer")) {
      server = FlightServer.builder(allocator, location, writing).build().start();
      client = null;
    } else {
      server = null;
      client =
          isLocal() ? overSocket(arguments) : FlightClient.builder(allocator, location).build();
    }
  }

  private static boolean isLocal() {
    return System.getProperty("benchmarks.transport", "tcp").equals("uds");
  }

  /** Flight's own builder of clients looks for a server's channel here, and fails. */
  private FlightClient overSocket(Line arguments) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(new DomainSocketAddress(socket(arguments)))
            .eventLoopGroup(new MultiThreadIoEventLoopGroup(EpollIoHandler.newFactory()))
            .channelType(EpollDomainSocketChannel.class)
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .usePlaintext()
            .build();
    return FlightGrpcUtils.createFlightClient(allocator, channel);
  }

  private static String socket(Line arguments) {
    return Path.of(arguments.text("dir"), "flight").toString();
  }

  private static Location location(Line arguments) {
    if (isLocal()) {
      return Location.forGrpcDomainSocket(socket(arguments));
    }
    int port = arguments.has("port") ? (int) arguments.number("port") : 0;
    return Location.forGrpcInsecure("127.0.0.1", port);
  }

  /** Runs an end. */
  public static void main(String[] arguments) {
    EndLoop.main(arguments, FlightEnd::new);
  }

  @Override
  public Line ready() {
    Line line = Line.of(EndLoop.READY);
    return server == null ? line : line.with("port", server.getPort());
  }

  @Override
  public Line on(Line line) throws Exception {
    Round round = Round.of(line);
    if (client == null) {
      return writing.awaitEnd();
    }
    byte[] what = line.toString().getBytes(StandardCharsets.UTF_8);
    return round.work() == Work.LATENCY
        ? ping(round, FlightDescriptor.command(what))
        : read(round, new Ticket(what));
  }

  private Line read(Round round, Ticket ticket) throws Exception {
    Arrivals arrivals = new Arrivals();
    try (FlightStream stream = client.getStream(ticket)) {
      while (stream.next()) {
        Vectors.check(stream.getRoot().getFieldVectors(), round, arrivals.next());
      }
    }
    return arrivals.done();
  }

  private Line ping(Round round, FlightDescriptor what) throws Exception {
    Latencies latencies = new Latencies();
    Round.Clock clock = round.start();
    try (FlightClient.ExchangeReaderWriter exchange = client.doExchange(what);
        VectorSchemaRoot root = VectorSchemaRoot.create(Vectors.SCHEMA, allocator)) {
      exchange.getWriter().start(root);
      long number = 0;
      while (!clock.isOver(number)) {
        long start = System.nanoTime();
        Vectors.fill(root, round, number);
        exchange.getWriter().putNext();
        if (!exchange.getReader().next()) {
          throw new IllegalStateException("expected batch " + number + ", got the end");
        }
        Vectors.check(exchange.getReader().getRoot().getFieldVectors(), round, number);
        if (number > 0) {
          latencies.add(System.nanoTime() - start);
        }
        number++;
      }
      exchange.getWriter().completed();
      while (exchange.getReader().next()) {
        throw new IllegalStateException("expected the end, got one more batch");
      }
    }
    return latencies.done();
  }

  @Override
  public void close() throws Exception {
    if (client != null) {
      client.close();
    }
    if (server != null) {
      server.shutdown();
      server.awaitTermination();
      server.close();
    }
    allocator.close();
  }
}
