package io.vineyard.samples.web;

import io.vineyard.store.ObjectStore;
import io.vineyard.store.server.BoundServer;
import io.vineyard.store.server.VineyardServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Serves a store on a socket in a folder of its own. */
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {
  @Bean(destroyMethod = "close")
  OwnStore ownStore() throws IOException {
    return new OwnStore();
  }

  @Bean
  ObjectStore store(OwnStore own) {
    return own.server.connectNow();
  }

  @Bean
  Path socket(OwnStore own) {
    return own.server.socket();
  }

  static final class OwnStore {
    private final Path folder = Files.createTempDirectory("vineyard");
    private final BoundServer server =
        VineyardServer.create().socket(folder.resolve("store.sock")).bindNow();

    OwnStore() throws IOException {}

    void close() throws IOException {
      server.disposeNow(Duration.ofSeconds(5));
      Files.deleteIfExists(folder);
    }
  }
}
