package io.vineyard.test;

import static io.vineyard.test.TestBatches.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.test.VineyardTest.Store;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@VineyardTest(store = Store.SERVED)
class ServedIT {
  @Test
  void storeIsInAnotherProcess(TestServer server, ObjectStore store) {
    assertThat(server.pid()).isNotEqualTo(ProcessHandle.current().pid());
    assertThat(server.isAlive()).isTrue();
    assertThat(server.socket()).matches(Files::exists);
    VineyardAssertions.assertThat(store).isIdle();
    try (ObjectStore other = VineyardClient.create().socket(server.socket()).connectNow()) {
      VineyardAssertions.assertThat(other).isIdle();
    }
  }

  @Test
  void streamsGoBetweenClients(
      @TestStream("orders") TestStreamWriter writer,
      @TestStream("orders") RecordBatchStream stream) {
    writer.emit(TestBatches.longs("n", 1), TestBatches.longs("n", 2));
    BatchSteps.create(stream.reader()).expectRows(row(1)).expectRows(row(2)).verifyComplete();
  }

  @Test
  void serverIsKilled(TestServer server, ObjectStore store) {
    server.kill();
    assertThat(server.isAlive()).isFalse();
    assertThatThrownBy(() -> store.onClose().block(Duration.ofSeconds(10)))
        .isInstanceOf(StoreLostException.class);
  }

  @Test
  void nextTestHasAnotherServer(ObjectStore store) {
    VineyardAssertions.assertThat(store).isIdle();
  }
}
