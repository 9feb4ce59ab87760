package io.vineyard.test;

import static org.assertj.core.api.Assertions.assertThat;

import example.orders.LeakyCases;
import example.orders.ServedLeakyCases;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What tests of a user leave of a store that is served. */
class ServedLeaksIT {
  @ParameterizedTest
  @ValueSource(strings = {"receivedFromAnotherProcess", "heldWhenTheServerDied"})
  void leakIsFoundWithItsLine(String method) throws IOException {
    Throwable failure = UserTests.run(ServedLeakyCases.class, method).getThrowable().orElseThrow();
    assertThat(failure)
        .hasMessageContaining("a RecordBatch of 1 row, taken at")
        .hasMessageContaining(UserTests.line(ServedLeakyCases.class, "LEAK " + method));
  }

  @Test
  void serverIsNotForEmbeddedStores() {
    assertThat(UserTests.run(LeakyCases.class, "serverOfEmbedded").getThrowable().orElseThrow())
        .hasMessageContaining("expected @VineyardTest(store = SERVED)");
  }
}
