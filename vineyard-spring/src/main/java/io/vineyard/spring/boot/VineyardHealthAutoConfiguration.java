package io.vineyard.spring.boot;

import io.vineyard.store.ObjectStore;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.context.annotation.Bean;

/** The health of the store, as {@code vineyard}. */
@AutoConfiguration(after = VineyardAutoConfiguration.class)
@ConditionalOnClass(ReactiveHealthIndicator.class)
@ConditionalOnSingleCandidate(ObjectStore.class)
public class VineyardHealthAutoConfiguration {
  /** Made by Spring. */
  public VineyardHealthAutoConfiguration() {}

  /** Asks the store how it is. */
  @Bean
  @ConditionalOnEnabledHealthIndicator("vineyard")
  @ConditionalOnMissingBean(name = "vineyardHealthIndicator")
  public VineyardHealthIndicator vineyardHealthIndicator(ObjectStore store) {
    return new VineyardHealthIndicator(store);
  }
}
