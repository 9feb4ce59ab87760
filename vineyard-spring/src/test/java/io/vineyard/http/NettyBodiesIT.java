package io.vineyard.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelOption;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.ArrowStreamReader;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.test.VineyardTest;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.netty.DisposableServer;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;

/** A server on Reactor Netty that knows no Spring: its clients, good, slow, dead and gone. */
@VineyardTest(ignoredThreads = "reactor-http")
class NettyBodiesIT {
  private static final int ROWS = 10_000;
  private static final int WINDOW_CHUNKS = 8;
  private static final Duration STALL = Duration.ofMillis(500);

  private ObjectStore store;
  private DisposableServer server;
  private final List<Socket> sockets = new ArrayList<>();

  @BeforeEach
  void start(ObjectStore testStore) {
    store = testStore;
    server =
        HttpServer.create()
            .host("127.0.0.1")
            .port(0)
            .childOption(ChannelOption.SO_SNDBUF, 64 << 10)
            .doOnConnection(client -> client.addHandlerLast(StallGuard.of(STALL)))
            .route(
                routes ->
                    routes.get(
                        "/{name}",
                        (request, response) ->
                            response
                                .header("Content-Type", BodyFormat.ARROW.mediaType())
                                .send(
                                    RecordBatchStream.open(store, request.param("name"))
                                        .flatMapMany(RecordBatchStream::reader)
                                        .as(
                                            batches ->
                                                BatchBodyEncoder.create()
                                                    .encode(batches, response.alloc())))))
            .bindNow();
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    server.disposeNow(Waits.PATIENCE);
    Waits.untilIdle(store);
  }

  /** Writes batches without end, until the stream is dropped. */
  private RecordBatchStream endless(String name) {
    RecordBatchStream stream =
        Waits.value(
            RecordBatchStream.create(store, StreamSpec.named(name).windowChunks(WINDOW_CHUNKS)));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writing(writer, Flux.range(0, Integer.MAX_VALUE));
    return stream;
  }

  private static void writing(StreamWriter<RecordBatch> writer, Flux<Integer> numbers) {
    writer
        .write(numbers.map(n -> Flights.batch(writer.allocator(), (long) n * ROWS, ROWS)))
        .doFinally(end -> writer.close())
        .subscribe(done -> {}, dropped -> {});
  }

  private Socket request(String name) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(64 << 10);
    socket.connect(server.address());
    socket.setSoTimeout((int) Waits.PATIENCE.toMillis());
    sockets.add(socket);
    socket
        .getOutputStream()
        .write(
            ("GET /" + name + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static StreamInfo info(RecordBatchStream stream) {
    return Waits.value(stream.info());
  }

  @Test
  void allBatchesArriveWhereTheyBelong() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store, StreamSpec.named("all")));
    writing(stream.writerNow(), Flux.range(0, 200));
    AtomicLong rows = new AtomicLong();
    Flux<RecordBatch> received =
        HttpClient.create()
            .remoteAddress(server::address)
            .get()
            .uri("/all")
            .response((response, body) -> BatchBodyDecoder.create().decode(body.retain()));
    received
        .doOnNext(
            batch -> {
              try (batch) {
                assertThat(batch.values("n").getLong(0)).isEqualTo(rows.getAndAdd(ROWS));
              }
            })
        .blockLast(Waits.PATIENCE);
    assertThat(rows).hasValue(200L * ROWS);
  }

  @Test
  void slowClientHoldsTheWriterAndTheMemoryStaysFlat() throws IOException {
    RecordBatchStream stream = endless("slow");
    InputStream body = request("slow").getInputStream();
    body.readNBytes(100 << 10);
    long most = 0;
    for (int i = 0; i < 50; i++) {
      long before = info(stream).publishedChunks();
      body.readNBytes(100 << 10); // about half a batch
      most = Math.max(most, info(stream).publishedChunks() - before);
      assertThat(info(stream).windowUsedChunks()).isLessThanOrEqualTo(WINDOW_CHUNKS);
      assertThat(Waits.value(store.status()).usedBytes()).isLessThan(32L << 20);
    }
    // what the buffers of the sockets hold apart, the writer goes on as the client does
    assertThat(most).isLessThan(30);
    assertThat(info(stream).publishedChunks()).isLessThan(100);
    Waits.done(stream.drop());
  }

  @Test
  void clientThatStopsForEverIsCutAndItsLeasesAreBack() throws IOException {
    RecordBatchStream stream = endless("stopped");
    Socket client = request("stopped");
    client.getInputStream().readNBytes(10);
    Waits.until(
        "the reader to be cut off",
        () -> !info(stream).hasReader() && Waits.value(store.status()).leases() == 0);
    Waits.done(stream.drop());
  }

  @Test
  void clientThatIsSlowButReadsIsLeftAlone() throws IOException {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store, StreamSpec.named("large")));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    writer
        .write(Flux.defer(() -> Flux.just(Flights.batch(writer.allocator(), 0, 500_000))))
        .doFinally(end -> writer.close())
        .subscribe();
    InputStream body = request("large").getInputStream();
    long begin = System.nanoTime();
    int read = 0;
    // one batch, which takes several times the timeout
    for (int step = 1; step <= 20; step++) {
      long wake = begin + step * STALL.toNanos() / 5;
      Waits.until("the next step", () -> System.nanoTime() > wake);
      read += body.readNBytes(100 << 10).length;
    }
    assertThat(read).isEqualTo(20 * (100 << 10));
    assertThat(body.readAllBytes())
        .hasSizeGreaterThan(4 << 20)
        .endsWith("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void clientThatIsIdleBecauseThereIsNothingToSendIsLeftAlone() throws IOException {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store, StreamSpec.named("idle")));
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      InputStream body = request("idle").getInputStream();
      writer.tryEmitNext(Flights.batch(writer.allocator(), 0, 1));
      body.readNBytes(100);
      long wake = System.nanoTime() + 3 * STALL.toNanos();
      Waits.until("three times the timeout", () -> System.nanoTime() > wake);
      assertThat(info(stream).hasReader()).isTrue();
      writer.tryEmitComplete();
      assertThat(new String(body.readAllBytes(), StandardCharsets.ISO_8859_1))
          .endsWith("0\r\n\r\n");
    }
  }

  @Test
  void manyClientsOfWhichSomeAreKilledLeaveNothing() throws IOException {
    int clients = 200;
    List<RecordBatchStream> streams = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      RecordBatchStream stream =
          Waits.value(
              RecordBatchStream.create(store, StreamSpec.named("many" + i).windowChunks(2)));
      StreamWriter<RecordBatch> writer = stream.writerNow();
      writer
          .write(Flux.range(0, 20).map(n -> Flights.batch(writer.allocator(), n, 100)))
          .doFinally(end -> writer.close())
          .subscribe(done -> {}, dropped -> {});
      streams.add(stream);
    }
    for (int i = 0; i < clients; i++) {
      Socket socket = request("many" + i);
      if (i % 4 == 0) {
        socket.setSoLinger(true, 0); // gone without a word
        socket.close();
      }
    }
    for (int i = 0; i < clients; i++) {
      if (i % 4 != 0) {
        assertThat(rows(sockets.get(i))).isEqualTo(20 * 100);
      }
    }
    for (int i = 0; i < clients; i += 4) {
      Waits.done(streams.get(i).drop().onErrorComplete());
    }
  }

  private static long rows(Socket socket) throws IOException {
    InputStream chunks = socket.getInputStream();
    long rows = 0;
    try (ArrowStreamReader reader =
        ArrowStreamReader.over(Channels.newChannel(new ChunkedBody(chunks)))) {
      for (RecordBatch batch = reader.next(); batch != null; batch = reader.next()) {
        rows += batch.rowCount();
        batch.close();
      }
    }
    return rows;
  }

  /** The body of a response of which the server does not know the length before. */
  private static final class ChunkedBody extends InputStream {
    private final InputStream response;
    private int left = -1;

    ChunkedBody(InputStream response) throws IOException {
      this.response = response;
      while (!line().isEmpty()) {
        // headers
      }
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = response.read(); c != '\n'; c = response.read()) {
        assertThat(c).isNotEqualTo(-1);
        line.append((char) c);
      }
      return line.toString().trim();
    }

    private boolean hasMore() throws IOException {
      if (left == 0) {
        line();
        left = -1;
      }
      if (left < 0) {
        left = Integer.parseInt(line(), 16);
      }
      return left > 0;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
      if (!hasMore()) {
        return -1;
      }
      int read = response.read(target, offset, Math.min(count, left));
      left -= Math.max(0, read);
      return read;
    }
  }
}
