package io.vineyard.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.vineyard.reactive.micrometer.VineyardMetrics;
import io.vineyard.spring.RecordBatchDecoder;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StoreStatus;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.Waits;
import io.vineyard.store.arrow.RecordBatch;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.http.codec.CodecCustomizer;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;
import org.springframework.http.codec.DecoderHttpMessageReader;
import org.springframework.http.codec.ServerCodecConfigurer;
import reactor.test.StepVerifier;

/** Which beans there are, and what becomes of them. */
class AutoConfigurationTest {
  @TempDir private Path folder;

  private final ApplicationContextRunner runner =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  VineyardAutoConfiguration.class,
                  VineyardWebFluxAutoConfiguration.class,
                  VineyardHealthAutoConfiguration.class,
                  VineyardMetricsAutoConfiguration.class));

  private static StoreStatus status(ObjectStore store) {
    return Waits.value(store.status());
  }

  @Test
  void storeIsEmbeddedAndClosedWithTheApplication() {
    ObjectStore[] last = new ObjectStore[1];
    runner
        .withPropertyValues("vineyard.capacity=64MB", "vineyard.window.chunks=7")
        .run(
            context -> {
              assertThat(context)
                  .hasSingleBean(ObjectStore.class)
                  .doesNotHaveBean(BoundServer.class);
              last[0] = context.getBean(ObjectStore.class);
              assertThat(status(last[0]).capacityBytes()).isEqualTo(64L << 20);
              assertThat(context.getBean(StreamSpec.class).windowChunks()).isEqualTo(7);
              assertThat(context).hasSingleBean(VineyardHealthIndicator.class);
              assertThat(context).hasSingleBean(VineyardMetrics.class);
            });
    StepVerifier.create(last[0].onClose()).expectComplete().verify(Waits.PATIENCE);
  }

  @Test
  void storeOfOnesOwnTakesItsPlace() {
    runner
        .withUserConfiguration(OwnStore.class)
        .run(
            context ->
                assertThat(status(context.getBean(ObjectStore.class)).capacityBytes())
                    .isEqualTo(16L << 20));
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnStore {
    @Bean
    ObjectStore own() {
      return EmbeddedStore.create().capacity(16L << 20).segmentBytes(1 << 20).open();
    }
  }

  @Test
  void servedStoreIsThereForOthersAndGoneAfterwards() {
    Path socket = folder.resolve("store.sock");
    runner
        .withPropertyValues("vineyard.mode=server", "vineyard.socket=" + socket)
        .run(
            context -> {
              assertThat(context).hasSingleBean(BoundServer.class);
              runner
                  .withPropertyValues("vineyard.socket=" + socket)
                  .run(
                      other ->
                          assertThat(status(other.getBean(ObjectStore.class)).clients())
                              .isEqualTo(2));
            });
    Waits.until("the socket to be gone", () -> !Files.exists(socket));
  }

  @Test
  void clientConnectsWhenItsStoreIsThereAndAgainWhenItIsBack() {
    Path socket = folder.resolve("store.sock");
    runner
        .withPropertyValues("vineyard.mode=client", "vineyard.socket=" + socket)
        .run(
            context -> {
              ObjectStore store = context.getBean(ObjectStore.class);
              VineyardHealthIndicator health = context.getBean(VineyardHealthIndicator.class);
              assertThat(Waits.value(health.health()).getStatus().getCode()).isEqualTo("DOWN");
              for (int i = 0; i < 2; i++) {
                BoundServer server = VineyardServer.create().socket(socket).bindNow();
                assertThat(status(store).clients()).isEqualTo(1);
                assertThat(Waits.value(health.health()).getStatus().getCode()).isEqualTo("UP");
                server.disposeNow(Waits.PATIENCE);
                Waits.until(
                    "the store to be missed",
                    () -> Waits.value(health.health()).getStatus().getCode().equals("DOWN"));
              }
            });
  }

  @Test
  void storeThatIsMissingIsExplained() {
    Path socket = folder.resolve("nowhere.sock");
    runner
        .withPropertyValues("vineyard.socket=" + socket, "vineyard.fail-fast=true")
        .run(
            context -> {
              assertThat(context).hasFailed();
              FailureAnalysis analysis =
                  new VineyardFailureAnalyzer().analyze(context.getStartupFailure());
              assertThat(analysis.getDescription()).contains("there is no " + socket);
              assertThat(analysis.getAction()).contains("vineyard.fail-fast=false");
            });
  }

  @Test
  void socketThatIsMissingIsExplained() {
    runner
        .withPropertyValues("vineyard.mode=server")
        .run(
            context -> {
              FailureAnalysis analysis =
                  new VineyardFailureAnalyzer().analyze(context.getStartupFailure());
              assertThat(analysis.getDescription()).contains("expected vineyard.socket");
            });
  }

  @Test
  void everyErrorHasAnAction() {
    for (ErrorCode code : ErrorCode.values()) {
      FailureAnalysis analysis =
          new VineyardFailureAnalyzer().analyze(VineyardException.of(code, "expected x, got y"));
      assertThat(analysis.getAction()).endsWith(".").contains(" ");
    }
  }

  @Test
  void codecsAreAddedToThoseOfTheServer() {
    runner.run(
        context -> {
          ServerCodecConfigurer codecs = ServerCodecConfigurer.create();
          context.getBean(CodecCustomizer.class).customize(codecs);
          assertThat(codecs.getReaders())
              .anyMatch(
                  reader ->
                      reader instanceof DecoderHttpMessageReader<?> decoding
                          && decoding.getDecoder() instanceof RecordBatchDecoder
                          && decoding.canRead(ResolvableType.forClass(RecordBatch.class), null));
        });
  }

  @Test
  void worksWithoutMicrometerAndActuator() {
    runner
        .withClassLoader(
            new FilteredClassLoader("io.micrometer", "org.springframework.boot.health"))
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasSingleBean(ObjectStore.class);
              assertThat(context).doesNotHaveBean("vineyardMetrics");
            });
  }
}
