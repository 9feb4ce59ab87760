package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProducerLossIT {
  @Test
  void responseBreaksOffAndAnotherProducerTakesOver() throws Exception {
    try (RunningApp app = new RunningApp()) {
      try (InputStream body = app.open("/flights.arrow?repeat=0").body()) {
        assertThat(body.readNBytes(1 << 20)).hasSize(1 << 20);
        app.killProducer();
        assertThatExceptionOfType(IOException.class)
            .isThrownBy(() -> body.transferTo(OutputStream.nullOutputStream()));
      }
      long lost = app.producer().pid();
      assertThat(app.get("/producer", "application/json").body())
          .isEqualTo("{\"pid\":" + lost + ",\"alive\":false,\"exitCode\":137}");
      var post = app.request("/producer").POST(BodyPublishers.noBody()).build();
      assertThat(app.send(post).statusCode()).isEqualTo(200);
      assertThat(app.send(post).statusCode()).isEqualTo(409);
      assertThat(app.producer().pid()).isNotEqualTo(lost);
      assertThat(app.get("/flights.csv", "*/*").body().lines()).hasSize(1 + (int) RunningApp.ROWS);
    }
  }

  @Test
  void requestsWithoutProducerAreRefused() throws Exception {
    try (RunningApp app = new RunningApp()) {
      app.killProducer();
      for (String path : List.of("/flights", "/flights.arrow", "/flights.json", "/live")) {
        var response = app.get(path, "*/*");
        assertThat(response.statusCode()).as(path).isEqualTo(503);
        assertThat(response.body())
            .contains("process " + app.producer().pid(), "killed by signal 9", "POST /producer");
      }
      RunningApp.await("the end of all streams", () -> app.status().streams() == 0);
    }
  }
}
