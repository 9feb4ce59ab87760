package io.vineyard.spring.boot;

import io.netty.buffer.ByteBuf;
import io.vineyard.http.BatchBodyDecoder;
import io.vineyard.http.BatchBodyEncoder;
import io.vineyard.http.StallGuard;
import io.vineyard.spring.VineyardCodecs;
import io.vineyard.spring.VineyardExceptionHandler;
import java.time.Duration;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.http.codec.CodecCustomizer;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import reactor.netty.http.server.HttpServer;

/** Batches as bodies of requests and responses, in WebFlux and {@code WebClient}. */
@AutoConfiguration
@ConditionalOnClass({CodecCustomizer.class, ByteBuf.class})
@EnableConfigurationProperties(VineyardProperties.class)
public class VineyardWebFluxAutoConfiguration {
  /** Made by Spring. */
  public VineyardWebFluxAutoConfiguration() {}

  /** Adds the codecs of batches to all others. */
  @Bean
  public CodecCustomizer vineyardCodecCustomizer(VineyardProperties properties) {
    VineyardProperties.Web web = properties.web();
    BatchBodyEncoder encoder = BatchBodyEncoder.create().mostInFlight(web.maxInFlight().toBytes());
    BatchBodyDecoder decoder =
        BatchBodyDecoder.create().mostBatchBytes(web.maxBatchSize().toBytes());
    return configurer -> VineyardCodecs.register(configurer, encoder, decoder);
  }

  /** Answers requests that failed with what belongs to their error. */
  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
  public VineyardExceptionHandler vineyardExceptionHandler() {
    return new VineyardExceptionHandler();
  }

  /** What only Netty's server can do. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass({NettyReactiveWebServerFactory.class, HttpServer.class})
  @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
  static class NettyConfiguration {
    /** Cuts off clients that take nothing for too long. */
    @Bean
    WebServerFactoryCustomizer<NettyReactiveWebServerFactory> vineyardStallGuardCustomizer(
        VineyardProperties properties) {
      Duration timeout = properties.web().stallTimeout();
      return factory -> {
        if (!timeout.isZero() && !timeout.isNegative()) {
          factory.addServerCustomizers(
              server ->
                  server.doOnConnection(
                      connection -> connection.addHandlerLast(StallGuard.of(timeout))));
        }
      };
    }
  }
}
