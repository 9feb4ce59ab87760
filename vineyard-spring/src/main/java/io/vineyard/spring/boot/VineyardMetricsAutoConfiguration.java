package io.vineyard.spring.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.vineyard.reactive.micrometer.VineyardMetrics;
import io.vineyard.reactive.micrometer.VineyardObservations;
import io.vineyard.store.ObjectStore;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Meters and observations of the store and its streams, where there is Micrometer. */
@AutoConfiguration(after = VineyardAutoConfiguration.class)
@ConditionalOnSingleCandidate(ObjectStore.class)
@ConditionalOnClass(MeterRegistry.class)
public class VineyardMetricsAutoConfiguration {
  /** Made by Spring. */
  public VineyardMetricsAutoConfiguration() {}

  /** What Spring Boot binds to its registries. */
  @Bean
  @ConditionalOnMissingBean
  public VineyardMetrics vineyardMetrics(ObjectStore store) {
    return VineyardMetrics.of(store);
  }

  /** Observes stores before anybody opens a stream of them. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ObservationRegistry.class)
  @ConditionalOnProperty(
      name = "vineyard.observations.enabled",
      havingValue = "true",
      matchIfMissing = true)
  static class ObservationsConfiguration {
    /** Begins to observe each store when it is made. */
    @Bean
    static BeanPostProcessor vineyardObservationsPostProcessor(
        ObjectProvider<ObservationRegistry> registries,
        ObjectProvider<VineyardProperties> properties) {
      return new BeanPostProcessor() {
        @Override
        public Object postProcessAfterInitialization(Object bean, String beanName) {
          if (bean instanceof ObjectStore store) {
            registries.ifAvailable(registry -> observe(store, registry, properties));
          }
          return bean;
        }
      };
    }

    private static void observe(
        ObjectStore store,
        ObservationRegistry registry,
        ObjectProvider<VineyardProperties> properties) {
      VineyardProperties known = properties.getIfAvailable();
      VineyardObservations observations = VineyardObservations.of(registry);
      boolean perChunk = known != null && known.observations().perChunk();
      // ends with the store
      var unused = (perChunk ? observations.perChunk() : observations).observe(store);
    }
  }
}
