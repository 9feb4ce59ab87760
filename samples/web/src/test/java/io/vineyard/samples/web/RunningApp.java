package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.server.BoundServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;

/** The app in this JVM, with a producer in one of its own. Whoever starts it closes it. */
final class RunningApp implements AutoCloseable {
  static final long ROWS = 200_000;
  static final long DELAY = 1_500_159;
  static final long DISTANCE = 145_847_125;

  private static final Path FLIGHTS = Path.of("../data/flights-200k.arrow");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ReactiveWebServerApplicationContext context = FlightsApp.start(0, FLIGHTS);
  private final HttpClient client = HttpClient.newHttpClient();

  String url() {
    return "http://localhost:" + context.getWebServer().getPort();
  }

  Path socket() {
    return context.getBean(BoundServer.class).socket();
  }

  ProducerState producer() {
    return context.getBean(Producers.class).state();
  }

  /** Kills the producer as a person would, and waits until it is dead. */
  void killProducer() {
    ProcessHandle process = ProcessHandle.of(producer().pid()).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
    await("the end of the producer", () -> !producer().alive());
  }

  StoreStatus status() {
    return context.getBean(ObjectStore.class).status().block(PATIENCE);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url() + path)).timeout(PATIENCE);
  }

  HttpResponse<String> get(String path, String accept) throws IOException, InterruptedException {
    return client.send(request(path).header("Accept", accept).build(), BodyHandlers.ofString());
  }

  HttpResponse<InputStream> open(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), BodyHandlers.ofInputStream());
  }

  HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, BodyHandlers.ofString());
  }

  static void await(String what, BooleanSupplier condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as("%s within %s", what, PATIENCE).isBefore(end);
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  @Override
  public void close() {
    Path socket = socket();
    ProcessHandle process = ProcessHandle.of(producer().pid()).orElse(null);
    context.close();
    await("the end of the producer", () -> process == null || !process.isAlive());
    await("the end of the socket", () -> !socket.toFile().exists());
  }
}
