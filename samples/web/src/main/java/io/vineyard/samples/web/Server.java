package io.vineyard.samples.web;

import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import org.springframework.boot.reactor.netty.NettyServerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.server.WebFilter;

/** What the server is like. */
@Configuration(proxyBeanMethods = false)
class Server {
  /** Little may be under way to a client, so that one who reads slowly is felt at once. */
  private static final int BUFFER_BYTES = 1 << 16;

  @Bean
  NettyServerCustomizer smallBuffers() {
    return server ->
        server
            .childOption(ChannelOption.SO_SNDBUF, BUFFER_BYTES)
            .childOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(BUFFER_BYTES / 2, BUFFER_BYTES));
  }

  /** The page needs nothing from elsewhere, and nobody else may frame it. */
  @Bean
  WebFilter headers() {
    return (exchange, chain) -> {
      var headers = exchange.getResponse().getHeaders();
      headers.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
      headers.set("X-Content-Type-Options", "nosniff");
      headers.set("Referrer-Policy", "no-referrer");
      headers.setCacheControl("no-cache");
      return chain.filter(exchange);
    };
  }
}
