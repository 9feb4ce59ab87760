package io.vineyard.samples.web;

import io.vineyard.samples.WebApp;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.reactive.context.ReactiveWebServerApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;

/** Serves flights, which a producer's process writes, over HTTP. */
@SpringBootApplication
public class FlightsApp implements WebApp {

  @Override
  public int serve(int port, Path flights) throws InterruptedException {
    CountDownLatch closed = new CountDownLatch(1);
    var context = start(port, flights);
    context.addApplicationListener(
        (ApplicationListener<ContextClosedEvent>) event -> closed.countDown());
    var producer = context.getBean(Producers.class).state();
    System.out.printf("page: http://localhost:%d/%n", context.getWebServer().getPort());
    System.out.printf("producer: process %d%n", producer.pid());
    System.out.printf("store: %s%n", context.getBean(Producers.class).socket());
    System.out.println("Ctrl-C ends it all.");
    closed.await();
    return 0;
  }

  /** Starts without waiting for the end; the caller closes what it gets. */
  static ReactiveWebServerApplicationContext start(int port, Path flights) {
    return (ReactiveWebServerApplicationContext)
        new SpringApplicationBuilder(FlightsApp.class)
            .properties("server.port=" + port, "flights=" + flights.toAbsolutePath())
            .run();
  }
}
