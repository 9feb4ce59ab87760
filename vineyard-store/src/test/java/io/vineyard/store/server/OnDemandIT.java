package io.vineyard.store.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.store.ChunkReader;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreLostException;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamInfo;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.client.VineyardClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Clients that are there before their store is, and stay when it goes. */
class OnDemandIT {
  @TempDir private Path folder;

  private final List<BoundServer> servers = new ArrayList<>();
  private ObjectStore store;

  @BeforeEach
  void create() {
    store = VineyardClient.create().socket(folder.resolve("store.sock")).connectOnDemand();
  }

  @AfterEach
  void end() {
    store.close();
    servers.forEach(server -> server.disposeNow(Waits.PATIENCE));
  }

  private BoundServer serve() {
    BoundServer server = VineyardServer.create().socket(folder.resolve("store.sock")).bindNow();
    servers.add(server);
    return server;
  }

  private void expectNoStore() {
    StepVerifier.create(store.status())
        .expectErrorSatisfies(
            error ->
                assertThat(((VineyardException) error).code())
                    .isEqualTo(ErrorCode.CONNECTION_FAILED))
        .verify(Waits.PATIENCE);
  }

  @Test
  void attachesWithTheFirstCallOnceItsStoreIsThere() {
    expectNoStore();
    BoundServer server = serve();
    assertThat(Waits.value(server.status()).clients()).isZero();
    assertThat(Waits.value(store.status()).clients()).isEqualTo(1);
  }

  @Test
  void callsAtOnceShareOneClient() {
    BoundServer server = serve();
    Flux.range(0, 50).flatMap(n -> store.status()).blockLast(Waits.PATIENCE);
    assertThat(Waits.value(server.status()).clients()).isEqualTo(1);
  }

  @Test
  void whatIsInFlightFailsAndTheNextCallAttachesAgain() {
    BoundServer server = serve();
    StreamInfo stream = Waits.value(store.createStream(StreamSpec.named("x")));
    try (ChunkReader reader = Waits.value(store.openReader(stream.id(), () -> {}))) {
      StepVerifier.create(store.getName("nobody", Waits.PATIENCE))
          .then(() -> server.disposeNow(Waits.PATIENCE))
          .expectError(StoreLostException.class)
          .verify(Waits.PATIENCE);
      Waits.until("the reader to know", reader::isEnded);
      assertThat(reader.failure()).isInstanceOf(StoreLostException.class);
    }
    expectNoStore();
    serve();
    StoreStatus status = Waits.value(store.status());
    assertThat(status.clients()).isEqualTo(1);
    assertThat(status.streams()).isZero();
  }

  @Test
  void whoIsToldOfTheLossAttachesAgainAtOnce() {
    for (int i = 0; i < 20; i++) {
      BoundServer server = serve();
      Waits.value(store.status());
      StepVerifier.create(
              store
                  .getName("nobody", Waits.PATIENCE)
                  .onErrorResume(
                      StoreLostException.class, lost -> store.getName("nobody", Waits.PATIENCE)))
          .then(() -> server.disposeNow(Waits.PATIENCE))
          .expectErrorSatisfies(
              error ->
                  assertThat(((VineyardException) error).code())
                      .isEqualTo(ErrorCode.CONNECTION_FAILED))
          .verify(Waits.PATIENCE);
    }
  }

  @Test
  void isOverWhenItIsClosed() {
    BoundServer server = serve();
    Waits.value(store.status());
    Mono<Void> closed = store.onClose();
    store.close();
    Waits.done(closed);
    Waits.until("no client", () -> Waits.value(server.status()).clients() == 0);
    StepVerifier.create(store.status())
        .expectError(StoreLostException.class)
        .verify(Waits.PATIENCE);
  }

  @Test
  void closingWithoutEverHavingAttachedIsFine() {
    store.close();
    store.close();
    StepVerifier.create(store.onClose()).expectComplete().verify(Waits.PATIENCE);
  }
}
