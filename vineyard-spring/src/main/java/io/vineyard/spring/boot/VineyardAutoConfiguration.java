package io.vineyard.spring.boot;

import io.vineyard.reactive.RecordBatchStream;
import io.vineyard.store.ErrorCode;
import io.vineyard.store.ObjectStore;
import io.vineyard.store.StreamSpec;
import io.vineyard.store.VineyardException;
import io.vineyard.store.client.VineyardClient;
import io.vineyard.store.embedded.EmbeddedStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import reactor.core.publisher.Mono;

/**
 * A store: embedded, served, or that of another process. A bean {@link ObjectStore} of one's own
 * takes its place.
 */
@AutoConfiguration
@ConditionalOnClass(RecordBatchStream.class)
@EnableConfigurationProperties(VineyardProperties.class)
public class VineyardAutoConfiguration {
  /** Made by Spring. */
  public VineyardAutoConfiguration() {}

  /** What new streams are made of; a name is still to be given to those that have one. */
  @Bean
  @ConditionalOnMissingBean
  public StreamSpec vineyardStreamSpec(VineyardProperties properties) {
    return StreamSpec.create()
        .windowChunks(properties.window().chunks())
        .windowBytes(properties.window().size().toBytes());
  }

  /** The store, closed with the application. */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  public ObjectStore vineyardStore(
      VineyardProperties properties, ObjectProvider<BoundServer> server, Environment environment) {
    BoundServer bound = server.getIfAvailable();
    if (bound != null) {
      return bound.connectNow();
    }
    return properties.effectiveMode() == VineyardProperties.Mode.CLIENT
        ? client(properties, environment)
        : embedded(properties);
  }

  private static ObjectStore embedded(VineyardProperties properties) {
    return EmbeddedStore.create()
        .capacity(properties.capacity().toBytes())
        .segmentBytes(properties.segmentSize().toBytes())
        .open();
  }

  private static ObjectStore client(VineyardProperties properties, Environment environment) {
    String name = properties.name();
    ObjectStore store =
        VineyardClient.create()
            .socket(socket(properties))
            .connectTimeout(properties.connectTimeout())
            .name(name == null ? environment.getProperty("spring.application.name", "java") : name)
            .connectOnDemand();
    if (properties.failFast()) {
      Mono<?> reached = store.status().doOnError(failed -> store.close());
      reached.block();
    }
    return store;
  }

  private static Path socket(VineyardProperties properties) {
    @Nullable Path socket = properties.socket();
    if (socket == null) {
      throw VineyardException.of(
          ErrorCode.INVALID,
          "expected vineyard.socket, the path of a socket, for vineyard.mode="
              + properties.effectiveMode().name().toLowerCase(Locale.ROOT)
              + ", got none");
    }
    return socket;
  }

  /** The server of a store that other processes use as well. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnProperty(name = "vineyard.mode", havingValue = "server")
  static class ServerConfiguration {
    /** The server, disposed after its clients of this application. */
    @Bean(destroyMethod = "dispose")
    @ConditionalOnMissingBean
    BoundServer vineyardServer(VineyardProperties properties) {
      return VineyardServer.create()
          .socket(socket(properties))
          .capacity(properties.capacity().toBytes())
          .segmentBytes(properties.segmentSize().toBytes())
          .bindNow();
    }
  }
}
