package io.vineyard.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.vineyard.http.Flights;
import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.reactive.StreamWriter;
import io.vineyard.spring.VineyardCodecs;
import io.vineyard.spring.VineyardMediaTypes;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** An application as users write it, over real connections. */
class WebFluxIT {
  private static ConfigurableApplicationContext app;
  private static ObjectStore store;
  private static WebClient client;

  private final BufferAllocator memory = new RootAllocator();

  @BeforeAll
  static void start() {
    app =
        new SpringApplicationBuilder(FlightsApplication.class)
            .web(WebApplicationType.REACTIVE)
            .properties(
                Map.of(
                    "server.port", "0",
                    "server.address", "127.0.0.1",
                    "spring.main.banner-mode", "off",
                    "management.endpoints.web.exposure.include", "health,metrics",
                    "management.endpoint.health.show-details", "always",
                    "vineyard.capacity", "256MB",
                    "vineyard.segment-size", "4MB",
                    "vineyard.web.max-batch-size", "2MB"))
            .run();
    store = app.getBean(ObjectStore.class);
    int port = ((ReactiveWebServerApplicationContext) app).getWebServer().getPort();
    client =
        WebClient.builder()
            .baseUrl("http://127.0.0.1:" + port)
            .codecs(VineyardCodecs::register)
            .build();
  }

  @AfterAll
  static void stop() {
    app.close();
  }

  @AfterEach
  void nothingIsLeft() {
    Waits.untilIdle(store);
    Waits.until("memory to be given back", () -> memory.getAllocatedMemory() == 0);
    memory.close();
  }

  /** Creates a stream with batches of 10 rows in it, which has ended. */
  private void stream(String name, int batches) {
    RecordBatchStream stream = Waits.value(RecordBatchStream.create(store, StreamSpec.named(name)));
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      writer
          .write(Flux.range(0, batches).map(n -> Flights.batch(writer.allocator(), 10L * n, 10)))
          .block(Waits.PATIENCE);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.arrow.stream;codecs=\"brotli, zstd\""
      })
  void streamsAreArrow(String accepted) {
    stream("flights", 30);
    AtomicLong rows = new AtomicLong();
    AtomicLong sum = new AtomicLong();
    client
        .get()
        .uri("/streams/flights")
        .accept(MediaType.parseMediaType(accepted))
        .retrieve()
        .bodyToFlux(RecordBatch.class)
        .doOnNext(
            batch -> {
              try (batch) {
                rows.addAndGet(batch.rowCount());
                sum.addAndGet(batch.values("n").getLong(0));
              }
            })
        .blockLast(Waits.PATIENCE);
    assertThat(rows).hasValue(300);
    assertThat(sum).hasValue(10 * 29 * 30 / 2);
  }

  @Test
  void streamsAreTextAsIsAccepted() {
    stream("flights", 2);
    assertThat(text("/streams/flights", "text/csv"))
        .startsWith("n,name\n0,no 0\n")
        .hasLineCount(21);
    stream("flights", 2);
    assertThat(text("/streams/flights", "application/x-ndjson"))
        .startsWith("{\"n\":0,\"name\":\"no 0\"}\n")
        .hasLineCount(20);
    stream("flights", 2);
    assertThat(text("/streams/flights", "application/json")).startsWith("[\n{").endsWith("}\n]\n");
    stream("flights", 2);
    assertThat(text("/streams/flights", "text/event-stream"))
        .startsWith("data:[{")
        .endsWith("\n\n");
    stream("flights", 2);
    assertThat(text("/functional/flights", "*/*")).startsWith("n,name\n").hasLineCount(21);
  }

  private static String text(String uri, String accepted) {
    return client
        .get()
        .uri(uri)
        .header("Accept", accepted)
        .exchangeToMono(
            response -> {
              assertThat(response.statusCode()).isEqualTo(HttpStatus.OK);
              return response
                  .bodyToFlux(DataBuffer.class)
                  .map(WebFluxIT::text)
                  .collectList()
                  .map(parts -> String.join("", parts));
            })
        .block(Waits.PATIENCE);
  }

  private static String text(DataBuffer buffer) {
    try {
      return buffer.toString(StandardCharsets.UTF_8);
    } finally {
      DataBufferUtils.release(buffer);
    }
  }

  @Test
  void oneBatchHasALength() {
    stream("flights", 3);
    ResponseEntity<byte[]> response =
        client.get().uri("/first/flights").retrieve().toEntity(byte[].class).block(Waits.PATIENCE);
    assertThat(response.getHeaders().getContentLength()).isEqualTo(response.getBody().length);
    RecordBatchStream.open(store, "flights").flatMap(RecordBatchStream::drop).block();
  }

  @Test
  void firstBytesLeaveWithTheFirstBatch() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store, StreamSpec.named("slow")));
    try (StreamWriter<RecordBatch> writer = stream.writerNow()) {
      Flux<RecordBatch> received =
          client
              .get()
              .uri("/streams/slow")
              .accept(VineyardMediaTypes.ARROW_STREAM)
              .retrieve()
              .bodyToFlux(RecordBatch.class);
      StepVerifier.create(received)
          .then(() -> writer.tryEmitNext(Flights.batch(writer.allocator(), 1, 1)))
          .consumeNextWith(RecordBatch::close)
          .then(() -> writer.tryEmitNext(Flights.batch(writer.allocator(), 2, 1)))
          .consumeNextWith(RecordBatch::close)
          .then(writer::tryEmitComplete)
          .expectComplete()
          .verify(Waits.PATIENCE);
    }
  }

  @Test
  void postedBatchesAreBuiltInTheMemoryOfTheStore() {
    Mono<String> posted =
        post("/streams/posted", Flux.range(0, 50).map(n -> Flights.batch(memory, n, 1000)))
            .flatMap(response -> response.bodyToMono(String.class));
    assertThat(posted.block(Waits.PATIENCE)).isEqualTo("copied 0");
    AtomicLong rows = new AtomicLong();
    RecordBatchStream.open(store, "posted")
        .flatMapMany(stream -> stream.reader(batch -> rows.addAndGet(batch.rowCount())))
        .blockLast(Waits.PATIENCE);
    assertThat(rows).hasValue(50_000);
  }

  private static Mono<ClientResponse> post(String uri, Flux<RecordBatch> batches) {
    return client
        .post()
        .uri(uri)
        .contentType(VineyardMediaTypes.ARROW_STREAM)
        .body(batches, RecordBatch.class)
        .exchangeToMono(
            response ->
                response
                    .bodyToMono(String.class)
                    .defaultIfEmpty("")
                    .map(body -> response.mutate().body(body).build()));
  }

  private static ClientResponse postBytes(String uri, byte[] body) {
    return client
        .post()
        .uri(uri)
        .contentType(VineyardMediaTypes.ARROW_STREAM)
        .bodyValue(body)
        .exchangeToMono(
            response ->
                response
                    .bodyToMono(String.class)
                    .defaultIfEmpty("")
                    .map(text -> response.mutate().body(text).build()))
        .block(Waits.PATIENCE);
  }

  private static void expectProblem(ClientResponse response, HttpStatus status, String detail) {
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().contentType()).contains(MediaType.APPLICATION_PROBLEM_JSON);
    Map<?, ?> problem = response.bodyToMono(Map.class).block(Waits.PATIENCE);
    assertThat(problem.get("detail")).asString().contains(detail);
    assertThat(problem.get("status")).isEqualTo(status.value());
  }

  @Test
  void oneBatchCanBePosted() {
    ClientResponse response = post("/one", Flux.just(Flights.batch(memory, 0, 7))).block();
    assertThat(response.bodyToMono(String.class).block()).isEqualTo("7");
    ClientResponse two =
        post("/one", Flux.just(Flights.batch(memory, 0, 7), Flights.batch(memory, 0, 7))).block();
    assertThat(two.statusCode()).isEqualTo(HttpStatus.BAD_REQUEST);
  }

  @Test
  void bodyThatIsNoArrowIsABadRequest() {
    expectProblem(
        postBytes("/streams/bad", "hello, world".getBytes(StandardCharsets.UTF_8)),
        HttpStatus.BAD_REQUEST,
        "expected metadata of up to");
    expectProblem(
        postBytes("/streams/bad2", new byte[] {-1, -1, -1, -1, 100, 0, 0, 0, 1, 2}),
        HttpStatus.BAD_REQUEST,
        "2 of 100 bytes of metadata");
    drop("bad", "bad2");
  }

  /** What was posted wrongly has failed its stream, which a reader has to see. */
  private static void drop(String... names) {
    for (String name : names) {
      RecordBatchStream.open(store, name).flatMap(RecordBatchStream::drop).block(Waits.PATIENCE);
    }
  }

  @Test
  void batchThatIsTooLargeIsRefused() {
    expectProblem(
        post("/streams/large", Flux.just(Flights.batch(memory, 0, 200_000))).block(),
        HttpStatus.CONTENT_TOO_LARGE,
        "expected at most 2097152 bytes of a batch");
    drop("large");
  }

  @Test
  void missingStreamIsNotFound() {
    ClientResponse response =
        client
            .get()
            .uri("/streams/nowhere")
            .exchangeToMono(
                found ->
                    found.bodyToMono(String.class).map(text -> found.mutate().body(text).build()))
            .block(Waits.PATIENCE);
    expectProblem(response, HttpStatus.NOT_FOUND, "nowhere");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/vnd.apache.arrow.stream;codecs=brotli",
        "text/csv;charset=ISO-8859-1",
        "application/xml"
      })
  void whatCanNotBeWrittenIsNotAcceptable(String accepted) {
    stream("kept", 1);
    HttpStatus status =
        client
            .get()
            .uri("/streams/kept")
            .header("Accept", accepted)
            .exchangeToMono(
                response -> response.releaseBody().thenReturn((HttpStatus) response.statusCode()))
            .block(Waits.PATIENCE);
    assertThat(status).isEqualTo(HttpStatus.NOT_ACCEPTABLE);
    // nothing of the stream was taken
    assertThat(text("/streams/kept", "text/csv")).hasLineCount(11);
  }

  @Test
  void everyJsonIsRows() {
    stream("json", 1);
    assertThat(text("/streams/json", "application/vnd.example+json")).startsWith("[\n{\"n\":0");
  }

  @Test
  void headersAloneTakeNothingOfAStream() {
    stream("head", 1);
    ResponseEntity<Void> response =
        client
            .head()
            .uri("/streams/head")
            .accept(VineyardMediaTypes.CSV)
            .retrieve()
            .toBodilessEntity()
            .block(Waits.PATIENCE);
    assertThat(response.getHeaders().getContentType()).isEqualTo(VineyardMediaTypes.CSV);
    assertThat(text("/streams/head", "text/csv")).hasLineCount(11);
  }

  @Test
  void lostWriterCutsTheResponseOff() {
    RecordBatchStream stream =
        Waits.value(RecordBatchStream.create(store, StreamSpec.named("lost")));
    StreamWriter<RecordBatch> writer = stream.writerNow();
    StepVerifier.create(
            client
                .get()
                .uri("/streams/lost")
                .accept(VineyardMediaTypes.ARROW_STREAM)
                .retrieve()
                .bodyToFlux(RecordBatch.class))
        .then(() -> writer.tryEmitNext(Flights.batch(writer.allocator(), 1, 1)))
        .consumeNextWith(RecordBatch::close)
        .then(writer::close)
        .expectError()
        .verify(Waits.PATIENCE);
  }

  @Test
  void metersCountWhatWasServed() {
    MeterRegistry registry = app.getBean(MeterRegistry.class);
    double before = chunksOut(registry);
    stream("counted", 5);
    text("/streams/counted", "text/csv");
    Waits.until("5 chunks more", () -> chunksOut(registry) == before + 5);
    assertThat(registry.get("vineyard.store.capacity").gauge()).isNotNull();
  }

  private static double chunksOut(MeterRegistry registry) {
    return registry.find("vineyard.streams.chunks").tag("direction", "out").functionCounter()
            == null
        ? 0
        : registry.get("vineyard.streams.chunks").tag("direction", "out").functionCounter().count();
  }

  @Test
  void endpointsSayHowTheStoreIs() {
    assertThat(text("/actuator/health", "application/json"))
        .contains("\"vineyard\":{")
        .contains("\"capacityBytes\":268435456")
        .contains("\"status\":\"UP\"");
    assertThat(text("/actuator/metrics/vineyard.store.clients", "application/json"))
        .contains("\"baseUnit\":\"clients\"");
  }
}
