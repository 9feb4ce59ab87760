package io.vineyard.samples.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProducerLossIT {
  @Test
  void responseBreaksOffAndAnotherProducerTakesOver() throws Exception {
    try (RunningApp app = new RunningApp()) {
      try (InputStream body = app.open("/flights.arrow?repeat=0").body()) {
        assertThat(body.readNBytes(1 << 20)).hasSize(1 << 20);
        app.killProducer();
        assertThatExceptionOfType(IOException.class)
            .isThrownBy(() -> body.transferTo(java.io.OutputStream.nullOutputStream()));
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

  @ParameterizedTest
  @ValueSource(strings = {"/flights", "/flights.arrow", "/flights.csv", "/flights.json", "/live"})
  void requestWithoutProducerIsRefused(String path) throws Exception {
    try (RunningApp app = new RunningApp()) {
      app.killProducer();
      var response = app.get(path, "*/*");
      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.body())
          .contains(
              "process " + app.producer().pid() + ", was killed by signal 9", "POST /producer");
      assertThat(app.status().streams()).isZero();
    }
  }
}
