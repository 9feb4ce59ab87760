package io.vineyard.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MeasurementTest {
  @Test
  void itIsOneJsonObject() {
    Measurement rate =
        new Measurement("ours", "server", 32768, "rate", "batches/s", new double[] {3, 1.23456, 2});

    assertThat(rate.toJson("hand-off"))
        .isEqualTo(
            "{\"benchmark\":\"hand-off\",\"peer\":\"ours\",\"setup\":\"server\","
                + "\"batch_bytes\":32768,\"metric\":\"rate\",\"value\":2.0,"
                + "\"unit\":\"batches/s\",\"min\":1.235,\"max\":3.0,\"rounds\":3,\"jdk\":\""
                + System.getProperty("java.version")
                + "\",\"cores\":"
                + Runtime.getRuntime().availableProcessors()
                + "}");
  }

  @Test
  void medianOfAnEvenNumberIsBetweenTheMiddleTwo() {
    double[] values = {4, 1, 2, 3};

    assertThat(new Measurement("ours", "jvm", 0, "p50", "ms", values).median()).isEqualTo(2.5);
  }
}
