package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.arrow.ArrowStreamReader;
import io.vineyard.store.arrow.ArrowStreamWriter;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.client.VineyardClient;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class FlightsIT {
  private static final String ARROW = "application/vnd.apache.arrow.stream";
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static RunningApp app;

  private final JsonMapper json = new JsonMapper();

  @BeforeAll
  static void startApp() {
    app = new RunningApp();
  }

  @AfterAll
  static void stopApp() {
    app.close();
  }

  /** But for the stream of requests. */
  @AfterEach
  void nothingIsLeft() {
    RunningApp.await("the end of all streams", () -> app.status().streams() == 1);
    RunningApp.await("the end of all leases", () -> app.status().leases() == 0);
  }

  @ParameterizedTest
  @CsvSource({"/flights.arrow, 1", "/flights.arrow?repeat=2, 2", "/flights.arrow?repeat=5, 5"})
  void arrowHasEachFlightAsOftenAsAsked(String path, int repeat) throws Exception {
    var response = app.open(path);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains(ARROW);
    assertThat(response.headers().firstValue("Vineyard-Stream")).isPresent();
    Aggregates all = aggregate(response.body());
    assertThat(all.rows()).isEqualTo(repeat * RunningApp.ROWS);
    assertThat(all.delayMinutes()).isEqualTo(repeat * RunningApp.DELAY);
    assertThat(all.distanceMiles()).isEqualTo(repeat * RunningApp.DISTANCE);
  }

  private static Aggregates aggregate(InputStream body) {
    Aggregates all = Aggregates.NONE;
    try (ArrowStreamReader reader = ArrowStreamReader.over(Channels.newChannel(body))) {
      for (RecordBatch batch = reader.next(); batch != null; batch = reader.next()) {
        all = all.plus(batch);
      }
    }
    return all;
  }

  @ParameterizedTest
  @CsvSource({"/flights.csv, */*", "/flights, text/csv", "/flights, */*"})
  void csvHasAHeaderAndALineForEachFlight(String path, String accept) throws Exception {
    List<String> lines = app.get(path, accept).body().lines().toList();
    assertThat(lines).first().isEqualTo("delay,distance,time");
    assertSums(lines.stream().skip(1).map(line -> line.split(",", -1)));
  }

  private static void assertSums(Stream<String[]> rows) {
    List<String[]> all = rows.toList();
    assertThat(all).hasSize((int) RunningApp.ROWS);
    assertThat(column(all, 0).sum()).isEqualTo(RunningApp.DELAY);
    assertThat(column(all, 1).sum()).isEqualTo(RunningApp.DISTANCE);
  }

  private static LongStream column(List<String[]> rows, int index) {
    return rows.stream().mapToLong(row -> Long.parseLong(row[index]));
  }

  @ParameterizedTest
  @CsvSource({"/flights.json, */*", "/flights, application/json"})
  void jsonIsOneArrayOfFlights(String path, String accept) throws Exception {
    assertSums(json.readTree(app.get(path, accept).body()));
  }

  private void assertSums(JsonNode array) {
    assertThat(array.isArray()).isTrue();
    assertSums(array.valueStream().map(FlightsIT::cells));
  }

  private static String[] cells(JsonNode flight) {
    return new String[] {flight.get("delay").asString(), flight.get("distance").asString()};
  }

  @Test
  void linesOfJsonAreFlights() throws Exception {
    String body = app.get("/flights", "application/x-ndjson").body();
    assertSums(body.lines().map(line -> cells(json.readTree(line))));
  }

  @Test
  void eventsHaveAllFlights() throws Exception {
    String body = app.get("/flights", "text/event-stream").body();
    assertSums(
        body.lines()
            .filter(line -> line.startsWith("data:"))
            .flatMap(line -> json.readTree(line.substring("data:".length())).valueStream())
            .map(FlightsIT::cells));
  }

  @Test
  void wrongRepeatIsRefused() throws Exception {
    var response = app.get("/flights.arrow?repeat=-1", "*/*");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).contains("repeat: expected at least 0, got -1");
    assertThat(app.get("/flights.csv?repeat=many", "*/*").statusCode()).isEqualTo(400);
  }

  @Test
  void liveAggregatesRun() throws Exception {
    String body = app.get("/live?repeat=1", "text/event-stream").body();
    List<JsonNode> events =
        body.lines()
            .filter(line -> line.startsWith("data:"))
            .map(line -> json.readTree(line.substring("data:".length())))
            .toList();
    assertThat(events).hasSizeGreaterThan(1);
    assertThat(events).extracting(event -> event.get("batches").asLong()).isSorted();
    JsonNode last = events.get(events.size() - 1);
    assertThat(last.get("rows").asLong()).isEqualTo(RunningApp.ROWS);
    assertThat(last.get("delayMinutes").asLong()).isEqualTo(RunningApp.DELAY);
  }

  @Test
  void whoLeavesStopsTheProducer() throws Exception {
    var response = app.open("/flights.arrow?repeat=0");
    try (InputStream body = response.body()) {
      assertThat(body.readNBytes(1 << 20)).hasSize(1 << 20);
    }
  }

  @Test
  void pageNeedsNothingFromElsewhere() throws Exception {
    var response = app.get("/", "text/html");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(policy -> assertThat(policy).startsWith("default-src 'self'"));
    assertThat(response.body()).contains("<h1>Flights, live</h1>").doesNotContain("://");
  }

  @Test
  void postedBatchesReachAReaderElsewhere() throws Exception {
    var response =
        app.send(
            app.request("/streams/numbers")
                .header("Content-Type", ARROW)
                .POST(BodyPublishers.ofByteArray(numbers(3)))
                .build());
    assertThat(response.body()).isEqualTo("{\"stream\":\"numbers\",\"batches\":3,\"rows\":6}");
    try (ObjectStore store = VineyardClient.create().socket(app.socket()).connectNow()) {
      List<Long> read =
          RecordBatchStream.open(store, "numbers")
              .flatMapMany(stream -> stream.reader(batch -> batch.values("n").getLong(0)))
              .collectList()
              .block(PATIENCE);
      assertThat(read).containsExactly(0L, 1L, 2L);
    }
  }

  @Test
  void bodyThatIsNoArrowIsRefused() throws Exception {
    var response =
        app.send(
            app.request("/streams/nonsense")
                .header("Content-Type", ARROW)
                .POST(BodyPublishers.ofString("no batches here", StandardCharsets.UTF_8))
                .build());
    assertThat(response.statusCode()).isEqualTo(400);
    try (ObjectStore store = VineyardClient.create().socket(app.socket()).connectNow()) {
      store.getName("nonsense").flatMap(store::delete).block(PATIENCE);
    }
  }

  private static byte[] numbers(int batches) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (RootAllocator allocator = new RootAllocator();
        ArrowStreamWriter writer = ArrowStreamWriter.over(Channels.newChannel(bytes))) {
      for (int i = 0; i < batches; i++) {
        BigIntVector vector = new BigIntVector("n", allocator);
        vector.setSafe(0, i);
        vector.setSafe(1, -i);
        vector.setValueCount(2);
        try (RecordBatch batch = RecordBatch.of(VectorSchemaRoot.of(vector))) {
          writer.write(batch);
        }
      }
    }
    return bytes.toByteArray();
  }
}
